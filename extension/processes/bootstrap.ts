/**
 * The first instructions of the decrypted loader, as they stand in memory: what Mem/Loader-AH is about.
 *
 * A reflective loader of the sRDI family begins by finding itself (`call $+5; pop rcx`), and computes from there where
 * the embedded library, the hash of the export to call, and the data for it are. Sizes differ from build to build; the
 * order of instructions does not. Only the shape is found here; that a library is where it points is for the caller to
 * check. Every constant is in the published dossier of the campaign (stage "memory payload").
 */

/** One place that has the shape. Offsets are from the first byte of the bootstrap. */
export interface Bootstrap {
  /** In the bytes searched. */
  readonly at: number
  /** Of the embedded library. */
  readonly library: number
  /** Of the data handed to the export, and their length. */
  readonly data: number
  readonly dataLength: number
  /** ROR13 hash of the export to call. */
  readonly exportHash: number
}

/** Bytes of the shape; so many less one may be cut off at the end of a piece of memory. */
export const bootstrapLength = 34

/** Hash of `DllGetClassObject`, which this campaign calls in every published build, Gopuram's included. */
export const campaignExportHash = 0xf558f4da

/** `call $+5; pop rcx`: offsets below count from the instruction after the call. */
const call = Buffer.from('e80000000059', 'hex')
const afterCall = 5

/** `mov r8, rcx` has two encodings. */
const moves = ['4989c8', '4c8bc1'].map((hex) => Buffer.from(hex, 'hex'))
/** Opcodes at their places: `add rcx`, `mov edx`, `add r8`, `mov r9d`, each followed by four bytes. */
const opcodes = [
  { at: 9, bytes: Buffer.from('4881c1', 'hex') },
  { at: 16, bytes: Buffer.from('ba', 'hex') },
  { at: 21, bytes: Buffer.from('4981c0', 'hex') },
  { at: 28, bytes: Buffer.from('41b9', 'hex') },
] as const

/** Every place that has the shape, in order. */
export function* findBootstraps(bytes: Buffer): Generator<Bootstrap, void, undefined> {
  for (let at = bytes.indexOf(call); at >= 0; at = bytes.indexOf(call, at + 1)) {
    if (at + bootstrapLength > bytes.length) return
    if (!moves.some((move) => has(bytes, at + call.length, move))) continue
    if (!opcodes.every((opcode) => has(bytes, at + opcode.at, opcode.bytes))) continue
    yield {
      at,
      library: afterCall + bytes.readUInt32LE(at + 12),
      exportHash: bytes.readUInt32LE(at + 17),
      data: afterCall + bytes.readUInt32LE(at + 24),
      dataLength: bytes.readUInt32LE(at + 30),
    }
  }
}

function has(bytes: Buffer, at: number, expected: Buffer): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false
  return true
}
