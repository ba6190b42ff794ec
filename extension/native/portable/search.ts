/**
 * Which byte strings occur in files: each string is looked for in each piece, pieces overlapping by what a border hides.
 */
import type { SearchRequest, SearchResult } from '../engine.ts'
import { chunkSize } from './digest.ts'
import { changed, eachFile, expectedFile, type GoOn, verifyUnchanged, type WantedFile } from './each-file.ts'
import type { Addressing } from './folder.ts'
import type { OpenFile } from './open.ts'

/** The contract's bounds. */
const bounds = { patterns: 256, shortest: 4, longest: 64 } as const

/** Searches a request; see the contract. */
export async function search(
  addressing: Addressing,
  request: SearchRequest,
  signal: AbortSignal,
): Promise<readonly SearchResult[]> {
  const { patterns } = request
  if (patterns.length < 1 || patterns.length > bounds.patterns) {
    throw new RangeError(`${patterns.length} patterns to search for; expected 1 to ${bounds.patterns}`)
  }
  for (const { length } of patterns) {
    if (length < bounds.shortest || length > bounds.longest) {
      throw new RangeError(`a pattern of ${length} bytes; expected ${bounds.shortest} to ${bounds.longest}`)
    }
  }
  return await eachFile(addressing, request, signal, (file, item, goOn) => searchOpen(file, request, item, goOn))
}

async function searchOpen(
  file: OpenFile,
  { patterns, maxFileBytes }: SearchRequest,
  item: WantedFile,
  goOn: GoOn,
): Promise<SearchResult> {
  const identity = expectedFile(file, item, maxFileBytes)
  const overlap = Math.max(...patterns.map((one) => one.length)) - 1
  const window = Buffer.allocUnsafeSlow(overlap + chunkSize)
  const found = new Set<number>()
  let kept = 0
  let position = 0
  let bytesRead = 0
  while (found.size < patterns.length) {
    await goOn(bytesRead)
    ;({ bytesRead } = await file.handle.read(window, kept, chunkSize, position))
    if (bytesRead === 0) {
      if (position < identity.size) throw changed(`${position} of ${identity.size} bytes`)
      await verifyUnchanged(file, identity)
      break
    }
    position += bytesRead
    if (position > identity.size) throw changed(`more than ${identity.size} bytes`)
    const filled = window.subarray(0, kept + bytesRead)
    for (const [index, pattern] of patterns.entries()) {
      if (!found.has(index) && filled.includes(pattern)) found.add(index)
    }
    kept = Math.min(overlap, filled.length)
    window.copyWithin(0, filled.length - kept, filled.length)
  }
  return { found: [...found].sort((a, b) => a - b) }
}
