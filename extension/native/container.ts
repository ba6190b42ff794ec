/**
 * Looking into containers through the add-on: the request laid out flat, and the answer decoded.
 *
 * binding/src/container.rs describes the layout; change both together. Members' bytes stay where they came, in one
 * buffer: what is kept of one keeps all.
 */
import { headLength } from '../domain/file-kind.ts'
import {
  type ContainerMember,
  type Contents,
  type ContentsRequest,
  containerFormats,
  engineErrorCodes,
  type Pace,
} from './engine.ts'
import { Fields } from './fields.ts'

/** A request as the add-on takes it. */
export interface ContentsData {
  readonly files: FilesData
  readonly patterns: readonly string[]
  readonly magics: readonly (readonly string[])[]
  readonly members?: number
  readonly totalBytes?: number
  readonly memberBytes?: number
  readonly wantedBytes?: number
  readonly wantedTotalBytes?: number
  readonly fileTimeoutMs: number
  readonly pace?: Pace
}

/** Files below roots, as the add-on takes them. */
interface FilesData {
  readonly roots: readonly string[]
  readonly paths: string
  readonly rootOf: Uint32Array
}

const digestLength = 32

/** Lays a request out. */
export function contentsData(files: FilesData, request: ContentsRequest): ContentsData {
  return {
    files,
    patterns: request.wanted.map((wanted) => wanted.pattern),
    magics: request.wanted.map((wanted) => wanted.magics ?? []),
    ...request.limits,
    fileTimeoutMs: request.fileTimeoutMs,
    ...(request.pace && { pace: request.pace }),
  }
}

/** Decodes an answer; throws what failed the whole request (a root that cannot be opened). */
export function decodeContents(packed: Uint8Array | null): Contents | { readonly problem: string } {
  if (packed === null) return { problem: 'cancelled' }
  const fields = new Fields(packed)
  if (fields.float() !== 0) {
    const code = engineErrorCodes[fields.float()] ?? 'io'
    throw Object.assign(new Error(fields.text(fields.float())), { code })
  }
  if (fields.float() === 0) return { problem: fields.text(fields.float()) }
  const count = fields.float()
  const problemCount = fields.float()
  const truncated = fields.float() === 1
  const format = containerFormats[fields.float()] ?? 'zip'
  const textLength = fields.float()
  const sizes = fields.list(count, () => fields.float())
  const byteLengths = fields.list(count, () => fields.float())
  const isDigested = fields.list(count, () => fields.integer())
  const headLengths = fields.list(count, () => fields.integer())
  const pathEnds = fields.list(count, () => fields.integer())
  const problemEnds = fields.list(problemCount, () => fields.integer())
  const heads = fields.bytes(count * headLength)
  const digests = fields.bytes(count * digestLength)
  const text = fields.bytes(textLength)
  const members = sizes.map((size, i): ContainerMember => {
    const length = byteLengths[i] ?? -1
    return {
      path: text.toString('utf8', i === 0 ? 0 : pathEnds[i - 1], pathEnds[i]),
      size,
      ...(isDigested[i] === 1 && { sha256: digests.toString('hex', i * digestLength, (i + 1) * digestLength) }),
      head: new Uint8Array(heads.subarray(i * headLength, i * headLength + (headLengths[i] ?? 0))),
      ...(length >= 0 && { bytes: fields.view(length) }),
    }
  })
  const begin = pathEnds.at(-1) ?? 0
  const problems = problemEnds.map((end, i) => text.toString('utf8', i === 0 ? begin : problemEnds[i - 1], end))
  return { format, members, truncated, problems }
}
