/**
 * Decoder of the second stage for macOS, UpdateAgent. What it shows of it: macos-agent-traits.ts, loaded with the first
 * file that has any of its texts.
 */
import { defineDecoder } from './decoder.ts'

export const macosAgent = defineDecoder({
  name: 'macos_agent',
  description: 'Signature identifier, functions and address of the second stage for macOS.',
  wants: ({ kind }) => kind === 'macho',
  // Of three functions out of four, one of the last two is always there.
  patterns: ['payload2-', 'parse_json_config', 'enc_text'].map((text) => Buffer.from(text).toString('hex')),
  decode: async (file) => await (await import('./macos-agent-traits.ts')).readAgent(file),
})
