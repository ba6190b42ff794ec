/**
 * Headers of programs: enough of a file for a format to be recognised, and nothing that could run.
 */

/** Machine numbers of the formats, by the names of `process.arch`. */
const machines = {
  elf: { x64: 62, arm64: 183 },
  pe: { x64: 0x8664, arm64: 0xaa64 },
  macho: { x64: 0x01000007, arm64: 0x0100000c },
} as const

/** Processors that can be asked for. */
export type TestProcessor = keyof typeof machines.elf

/** A 64-bit ELF header, little-endian. */
export function elfProgram(processor: TestProcessor): Buffer {
  const bytes = Buffer.alloc(128)
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  bytes.writeUInt16LE(2, 16)
  bytes.writeUInt16LE(machines.elf[processor], 18)
  return bytes
}

/** A DOS stub and a PE header behind it. */
export function peProgram(processor: TestProcessor): Buffer {
  const bytes = Buffer.alloc(256)
  bytes.write('MZ')
  bytes.writeUInt32LE(128, 60)
  bytes.write('PE\0\0', 128, 'latin1')
  bytes.writeUInt16LE(machines.pe[processor], 132)
  return bytes
}

/** A thin Mach-O header. */
export function machoProgram(processor: TestProcessor): Buffer {
  const bytes = Buffer.alloc(64)
  bytes.writeUInt32LE(0xfeedfacf)
  bytes.writeUInt32LE(machines.macho[processor], 4)
  return bytes
}

/** A universal Mach-O header with a slice per processor. */
export function universalProgram(...processors: readonly TestProcessor[]): Buffer {
  const bytes = Buffer.alloc(8 + 20 * processors.length)
  bytes.writeUInt32BE(0xcafebabe)
  bytes.writeUInt32BE(processors.length, 4)
  for (const [at, processor] of processors.entries()) bytes.writeUInt32BE(machines.macho[processor], 8 + 20 * at)
  return bytes
}

/** A program of this machine. */
export function programHere(): Buffer {
  const processor = process.arch === 'arm64' ? 'arm64' : 'x64'
  return process.platform === 'darwin' ? machoProgram(processor) : elfProgram(processor)
}

/** A program of this system for the other processor. */
export function programElsewhere(): Buffer {
  // macOS on arm64 may run x64 programs, so there the other system stands for it
  if (process.platform === 'darwin') return elfProgram('x64')
  return elfProgram(process.arch === 'arm64' ? 'x64' : 'arm64')
}
