/**
 * The first instructions of a carrier's payload: where its library, its data and its loader lie, and which export runs.
 *
 * The campaign wrapped its library with a public converter from library to position-independent code: find the own
 * address, set four registers, call the loader. Sizes change with every build, so they are read from the instructions
 * and none is expected. Instructions are recognised by their bytes, in any order; nothing is executed or emulated.
 * Shape and numbers: Microsoft's SamScissors pattern, Mandiant's rule for DAVESHELL.
 */
import { Bytes } from './bytes.ts'

/** What the instructions say. Offsets are counted from the first of them. */
export interface Bootstrap {
  /** Where the library begins. */
  readonly libraryAt: number
  /** Where the data for its export begins, and how long it is. */
  readonly userDataAt: number
  readonly userDataLength: number
  /** Hash of the name of the export to call. */
  readonly exportHash: number
  /** Options of the loader: 1 clears the library's headers in memory. */
  readonly flags?: number
  /** Where the loader begins. */
  readonly loaderAt?: number
}

/** `call $+5; pop rcx`: what every such payload begins with. */
export const bootstrapStart = Uint8Array.of(0xe8, 0, 0, 0, 0, 0x59)
/** The converter's own takes 64 bytes; a longer one has room here. */
export const maxBootstrap = 128

interface Registers {
  rcx?: number
  r8?: number
  edx?: number
  r9d?: number
  flags?: number
  loaderAt?: number
}

interface Instruction {
  readonly opcode: readonly number[]
  /** Bytes of the number behind it. */
  readonly operand: 0 | 1 | 4
  readonly effect?: (registers: Registers, operand: number, end: number) => void
}

/** Instructions that set up the call; both encodings where assemblers differ. */
const instructions: readonly Instruction[] = [
  { opcode: [0x49, 0x89, 0xc8], operand: 0, effect: copyAddress }, // mov r8, rcx
  { opcode: [0x4c, 0x8b, 0xc1], operand: 0, effect: copyAddress },
  { opcode: [0x48, 0x81, 0xc1], operand: 4, effect: (all, value) => (all.rcx = (all.rcx ?? 0) + value) }, // add rcx
  { opcode: [0xba], operand: 4, effect: (all, value) => (all.edx = value) }, // mov edx
  { opcode: [0x49, 0x81, 0xc0], operand: 4, effect: (all, value) => (all.r8 = (all.r8 ?? Number.NaN) + value) }, // add r8
  { opcode: [0x41, 0xb9], operand: 4, effect: (all, value) => (all.r9d = value) }, // mov r9d
  { opcode: [0x56], operand: 0 }, // push rsi
  { opcode: [0x48, 0x89, 0xe6], operand: 0 }, // mov rsi, rsp
  { opcode: [0x48, 0x8b, 0xf4], operand: 0 },
  { opcode: [0x48, 0x83, 0xe4], operand: 1 }, // and rsp
  { opcode: [0x48, 0x83, 0xec], operand: 1 }, // sub rsp
  { opcode: [0x48, 0x89, 0x4c, 0x24], operand: 1 }, // mov [rsp+..], rcx
  { opcode: [0xc7, 0x44, 0x24, 0x20], operand: 4, effect: (all, value) => (all.flags = value) }, // mov dword [rsp+20h]
  { opcode: [0xe8], operand: 4, effect: (all, value, end) => (all.loaderAt = end + (value | 0)) }, // call
]

/** Reads the instructions at the start of `code`; undefined when they are not of the shape. */
export function readBootstrap(code: Uint8Array): Bootstrap | undefined {
  if (!bootstrapStart.every((byte, index) => code[index] === byte)) return undefined
  const registers = runOver(new Bytes(code.subarray(0, maxBootstrap)))
  const { rcx, r8, edx, r9d, flags, loaderAt } = registers
  const base = bootstrapStart.length - 1
  const isComplete = rcx !== undefined && r8 !== undefined && edx !== undefined && r9d !== undefined
  // A number that was never added to leaves its register at the base, or at no number.
  if (!isComplete || !(rcx > base && r8 > base)) return undefined
  return {
    libraryAt: rcx,
    userDataAt: r8,
    userDataLength: r9d,
    exportHash: edx,
    ...(flags !== undefined && { flags }),
    ...(loaderAt !== undefined && { loaderAt }),
  }
}

/** Up to the call of the loader, or to an instruction of another kind. */
function runOver(code: Bytes): Registers {
  // The call pushes the address of the `pop` behind it.
  const registers: Registers = { rcx: bootstrapStart.length - 1 }
  let at = bootstrapStart.length
  while (registers.loaderAt === undefined) {
    const found = instructions.find(({ opcode }) => opcode.every((byte, index) => code.u8(at + index) === byte))
    const operandAt = at + (found?.opcode.length ?? 0)
    const operand = found?.operand === 4 ? code.u32(operandAt) : code.u8(operandAt)
    if (!found || operand === undefined) break
    at = operandAt + found.operand
    found.effect?.(registers, operand, at)
  }
  return registers
}

function copyAddress(registers: Registers): void {
  if (registers.rcx !== undefined) registers.r8 = registers.rcx
}

/** The hash by which such loaders seek an export: rotated right by 13 and added, the closing NUL included. */
export function exportHash(name: string): number {
  let hash = 0
  for (const byte of new TextEncoder().encode(`${name}\0`)) hash = (((hash >>> 13) | (hash << 19)) + byte) >>> 0
  return hash
}
