/**
 * Unpacks files as streams with what Node brings along: gzip and Zstandard, any number of members or frames.
 */
import { Readable } from 'node:stream'
import { constants, createGunzip, createZstdDecompress } from 'node:zlib'
import type { LinesProblem, Packing } from '../lines.ts'

/** Unpacked bytes at a time: a decoder that fails keeps what it unpacked last to itself. */
const chunkSize = 16 * 1024

/** The largest window of Zstandard as a power of two: 128 MiB. */
const windowLog = 27

const magics: readonly (readonly [RegExp, Packing])[] = [
  [/^1f8b08/, 'gzip'],
  [/^28b52ffd/, 'zstd'],
  [/^fd377a585a00/, 'xz'],
  [/^425a683[1-9](314159265359|177245385090)/, 'bzip2'],
]

/** How a file that begins so is packed. */
export function packingOf(head: Uint8Array): Packing {
  const hex = Buffer.from(head).toString('hex')
  return magics.find(([magic]) => magic.test(hex))?.[1] ?? 'none'
}

/** Why unpacking ended early. */
export class UnpackFailure extends Error {
  readonly code: LinesProblem

  constructor(code: LinesProblem, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'UnpackFailure'
    this.code = code
  }
}

/** The text of a packed file. */
export async function* unpacked(
  packing: Packing,
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  if (packing === 'none') return yield* chunks
  if (packing !== 'gzip' && packing !== 'zstd') {
    throw new UnpackFailure('unsupported', `the portable engine does not unpack ${packing}; build the native engine`)
  }
  const decoder =
    packing === 'gzip'
      ? createGunzip({ chunkSize })
      : createZstdDecompress({ chunkSize, params: { [constants.ZSTD_d_windowLogMax]: windowLog } })
  let fault: unknown
  const source = Readable.from(chunks, { objectMode: false })
  source.on('error', (error) => {
    fault = error
    decoder.destroy(error)
  })
  source.pipe(decoder)
  try {
    for await (const chunk of decoder) yield chunk as Buffer
  } catch (error) {
    if (fault !== undefined) throw fault
    throw refusal(error)
  } finally {
    source.destroy()
    decoder.destroy()
  }
}

function refusal(error: unknown): UnpackFailure {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ZSTD_error_frameParameter_windowTooLarge' || /too much memory/i.test(message)) {
    return new UnpackFailure('too_big', 'unpacking needs a window of more than 128 MiB', { cause: error })
  }
  return new UnpackFailure('damaged', `cannot be unpacked: ${message}`, { cause: error })
}
