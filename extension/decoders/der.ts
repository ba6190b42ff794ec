/**
 * DER elements: tag, length, contents, and nothing more.
 *
 * Enough to walk from a signature to the certificate that made it. Only definite lengths are read (DER allows no
 * others) and only tags below 31; what the contents mean is for the caller.
 * https://www.itu.int/rec/T-REC-X.690
 */

/** Where one element lies in its bytes: header at `start`, contents from `body` to `end`. */
export interface DerElement {
  readonly tag: number
  readonly start: number
  readonly body: number
  readonly end: number
}

/** Universal tags this project meets. */
export const derTags = { integer: 0x02, objectId: 0x06, sequence: 0x30, set: 0x31, context0: 0xa0 } as const

/** Children looked at in one element: a signature carries a few certificates, a name a dozen attributes. */
const maxChildren = 64

/** The element at `at`; `end` may lie beyond the bytes, so that a length can be learnt from the first six. */
export function derHeader(data: Uint8Array, at: number): DerElement | undefined {
  const tag = data[at]
  const first = data[at + 1]
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return undefined
  if (first < 0x80) return { tag, start: at, body: at + 2, end: at + 2 + first }
  const width = first & 0x7f
  if (width < 1 || width > 4 || at + 2 + width > data.length) return undefined
  let length = 0
  for (let i = 0; i < width; i++) length = length * 256 + (data[at + 2 + i] ?? 0)
  const body = at + 2 + width
  return { tag, start: at, body, end: body + length }
}

/** The element at `at` if it ends at or before `limit`. */
export function derElement(data: Uint8Array, at: number, limit = data.length): DerElement | undefined {
  const element = at < limit ? derHeader(data, at) : undefined
  return element && element.end <= Math.min(limit, data.length) ? element : undefined
}

/** The elements inside an element, in order, up to the first damaged one. */
export function derChildren(data: Uint8Array, parent: DerElement): DerElement[] {
  const children: DerElement[] = []
  let next = derElement(data, parent.body, parent.end)
  while (next && children.length < maxChildren) {
    children.push(next)
    next = derElement(data, next.end, parent.end)
  }
  return children
}

/** Contents of an element. */
export function derBody(data: Uint8Array, element: DerElement): Uint8Array {
  return data.subarray(element.body, element.end)
}

/** Whether two stretches hold the same bytes. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
