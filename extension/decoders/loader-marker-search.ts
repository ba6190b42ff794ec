/**
 * Code that looks for the carrier's marker `FE ED FA CE`: four byte compares in a row, each left by a short jump.
 *
 * Both published builds are known, with any base register, and with or without a REX prefix. Compilers that unroll or
 * compare four bytes at once make other code; that is for digests and rules. No instruction is decoded beyond these.
 * Forms: signature-base, gen_mal_3cx_compromise_mar23 (2023), its operation patterns; fields after the Intel manual.
 */
import { hexText } from './bytes.ts'

/** One search. */
export interface MarkerSearch {
  /** Of its first byte. */
  readonly offset: number
  readonly length: number
  /** 1: at -3 to 0 from a pointer and an index; 2: around one pointer. */
  readonly form: 1 | 2
  readonly code: string
}

/** Any byte. */
const any = -1
/** Pointer registers of form 1 by their bits in the SIB byte; the index is rax or r8 as published. */
const bases = [0, 1, 2, 3, 4, 5, 6, 7]
/** Pointer registers of form 2: 4 and 5 stand for something else in this encoding. */
const pointers = [0, 1, 2, 3, 6, 7]

/** Bytes of which one string is in every search, for native prefilters. */
export const markerSearchPatterns: readonly string[] = [
  ...bases.map((base) => hexText(Uint8Array.of(0x80, 0x7c, base, 0xfd, 0xfe, 0x75))),
  ...pointers.map((pointer) => hexText(Uint8Array.of(0x80, 0x38 | pointer, 0xfa, 0x75))),
]

/** Searches whose third compare lies between `from` and `to`; at most `most`. */
export function findMarkerSearches(code: Uint8Array, from: number, to: number, most: number): MarkerSearch[] {
  const found: MarkerSearch[] = []
  const end = Math.min(to, code.length)
  for (let at = from; at < end && found.length < most; at++) {
    if (code[at] !== 0xfa || code[at + 1] !== 0x75) continue
    const one = searchAround(code, at)
    if (one) found.push(one)
  }
  return found
}

/** The search whose third compare has its operand at `at`. */
function searchAround(code: Uint8Array, at: number): MarkerSearch | undefined {
  const isIndexed = code[at - 4] === 0x80 && code[at - 3] === 0x7c && code[at - 1] === 0xff
  const register = isIndexed ? code[at - 2] : (code[at - 1] ?? 0) ^ 0x38
  if (register === undefined || !(isIndexed ? bases : pointers).includes(register)) return undefined
  const opcode = at - (isIndexed ? 4 : 2)
  for (const prefix of [code.subarray(opcode - 1, opcode), new Uint8Array()]) {
    if (prefix.length > 0 && ((prefix[0] ?? 0) & 0xf0) !== 0x40) continue
    const { template, operand } = isIndexed ? indexed([...prefix], register) : around([...prefix], register)
    const offset = at - operand
    if (!matches(code, offset, template)) continue
    const { length } = template
    return { offset, length, form: isIndexed ? 1 : 2, code: hexText(code.subarray(offset, offset + length)) }
  }
  return undefined
}

/** Bytes of a search, and where the operand of its third compare is among them. */
interface Form {
  readonly template: readonly number[]
  readonly operand: number
}

function indexed(prefix: readonly number[], sib: number): Form {
  const compare = (displacement: number, value: number) => [...prefix, 0x80, 0x7c, sib, displacement, value]
  const jump = [0x75, any]
  // Register 5 has no form without a displacement.
  const last = sib === 5 ? compare(0, 0xce) : [...prefix, 0x80, 0x3c, sib, 0xce]
  const first = [...compare(0xfd, 0xfe), ...jump, ...compare(0xfe, 0xed), ...jump, ...compare(0xff, 0xfa)]
  return { template: [...first, ...jump, ...last], operand: first.length - 1 }
}

function around(prefix: readonly number[], register: number): Form {
  const compare = (value: number) => [...prefix, 0x80, 0x78 | register, any, value]
  const jump = [0x75, any]
  const first = [...compare(0xfe), ...jump, ...compare(0xed), ...jump, ...prefix, 0x80, 0x38 | register, 0xfa]
  return { template: [...first, ...jump, ...compare(0xce)], operand: first.length - 1 }
}

function matches(code: Uint8Array, at: number, template: readonly number[]): boolean {
  return at >= 0 && template.every((byte, i) => (byte === any ? at + i < code.length : code[at + i] === byte))
}
