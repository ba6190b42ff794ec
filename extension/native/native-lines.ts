/**
 * Lines of a text file through the add-on: the request laid out flat, batches pulled and decoded.
 *
 * binding/src/lines.rs describes the layout; change both together. The strings cross as one buffer, which is made once
 * for each list of them: a hunt asks for the same ones in every file.
 */
import { engineErrorCodes } from './engine.ts'
import { Fields } from './fields.ts'
import {
  checkLinesRequest,
  type FoundLine,
  type LinesBatch,
  type LinesProblem,
  type LinesRequest,
  packings,
} from './lines.ts'
import { type NativeBatches, pulled } from './pulled.ts'

/** The part of the add-on that this is about. */
export interface LinesAddon<Files> {
  readonly NativeLines: new (data: LinesData<Files>) => NativeBatches
}

/** A request as the add-on takes it. */
interface LinesData<Files> extends Omit<LinesRequest, 'patterns'> {
  readonly files: Files
  readonly expected: BigInt64Array
  readonly expectedSizes: Float64Array
  readonly patterns: Uint8Array
  readonly headingPrefix: string
}

/** The codes of a problem by their numbers: those of a file's errors, and behind them one of unpacking. */
const problems = [...engineErrorCodes, 'damaged'] as readonly string[] as readonly LinesProblem[]

const joined = new WeakMap<readonly string[], Uint8Array>()

/** Reads a file; `files` and `expectations` name it. */
export async function* nativeLines<Files>(
  addon: LinesAddon<Files>,
  files: Files,
  expectations: { readonly expected: BigInt64Array; readonly expectedSizes: Float64Array },
  request: LinesRequest,
  signal: AbortSignal,
): AsyncGenerator<LinesBatch, void, undefined> {
  signal.throwIfAborted()
  const patterns = joinedPatterns(request)
  const { headLines, headingPrefix = '', maxLineBytes, maxLines, maxBytes, timeoutMs } = request
  const limits = { headLines, headingPrefix, maxLineBytes, maxLines, maxBytes, timeoutMs }
  const native = new addon.NativeLines({ files, ...expectations, patterns, ...limits })
  yield* pulled(native, decodeLines, signal)
}

/** The strings, each ended by a line feed; checked with the rest of the request when they are new. */
function joinedPatterns(request: LinesRequest): Uint8Array {
  const { patterns } = request
  const known = joined.get(patterns)
  checkLinesRequest(known === undefined ? request : { ...request, patterns: patterns.slice(0, 1) })
  if (known !== undefined) return known
  const bytes = Buffer.from(patterns.map((one) => `${one}\n`).join(''), 'latin1')
  if (Object.isFrozen(patterns)) joined.set(patterns, bytes)
  return bytes
}

function decodeLines(packed: Uint8Array): LinesBatch {
  const fields = new Fields(packed)
  fields.float() // no failure of a whole request: what cannot be opened is a problem
  const count = fields.float()
  const packing = packings[fields.float()] ?? 'none'
  const read = fields.float()
  const code = fields.float()
  const messageLength = fields.float()
  const textLength = fields.float()
  const offsets = fields.list(count, () => fields.float())
  const ends = fields.list(count, () => fields.integer())
  const flags = fields.list(count, () => fields.integer())
  const message = fields.text(messageLength)
  const text = fields.view(textLength)
  const lines = offsets.map((offset, i): FoundLine => {
    const flag = flags[i] ?? 0
    const bytes = text.subarray(i === 0 ? 0 : ends[i - 1], ends[i])
    return { offset, bytes, isCut: (flag & 1) !== 0, isFound: (flag & 2) !== 0 }
  })
  return { lines, packing, read, ...(code >= 0 && { problem: { code: problems[code] ?? 'io', message } }) }
}
