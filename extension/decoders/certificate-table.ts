/**
 * Decoder of what hides in the certificate table of a signed Windows program. How it reads it: certificate-surplus.ts,
 * loaded with the first program.
 */
import { defineDecoder } from './decoder.ts'

export const certificateTable = defineDecoder({
  name: 'certificate_table',
  description: 'Bytes behind the signature of a Windows program, and the payload of the 3CX carrier among them.',
  // Programs and libraries are selected by indicators; these are programs too.
  files: ['sys', 'ocx', 'node', 'cpl', 'scr'].map((ending) => ({ pattern: `**/*.${ending}` })),
  wants: ({ kind }) => kind === 'pe',
  decode: async (file) => await (await import('./certificate-surplus.ts')).readCertificateTable(file),
})
