/**
 * Our side of the browsers' benchmark, as a process of its own: hunts through all histories below a directory.
 *
 * The campaign's bundled indicators decide; what is printed, as JSON, is what matched, the peak of resident memory (MB)
 * and the longest time the event loop was held (ms).
 */
import { readdirSync, readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { matcher } from '../../../extension/domain/match.ts'
import { openBundledData } from '../../../extension/indicators/checked-data.ts'
import type { FileRef, ScanEngine } from '../../../extension/native/engine.ts'
import { openEngine } from '../../../extension/native/index.ts'
import type { SourceReader } from '../../../extension/sources/source.ts'
import { endStoreThread } from '../../../extension/sources/sqlite/store-thread.ts'
import { chromiumHistory } from '../../../extension/sources/stores/chromium-history.ts'

/** What is printed. */
export interface OurBrowsers {
  readonly engine: string
  readonly found: readonly string[]
  readonly rss: number
  readonly held: number
}

const [root = ''] = process.argv.slice(2)
const { engine } = await openEngine({})
const indicators = (await openBundledData()).sets.flatMap((set) => set.indicators)
const campaign = matcher(indicators)
const hosts = indicators
  .filter(({ type, status }) => type === 'domain' && status === 'malicious')
  .map(({ value }) => value)
// The engine's search for bytes minds case, so this one path is searched for as browsers write it.
const exact = [...new Set([...hosts, 'IconStorages/images/main/'])]
const texts = exact.map((one) => one.toLowerCase())
const needles = { texts, mayHold: (text: string) => texts.some((one) => text.toLowerCase().includes(one)) }
const patterns = exact.map((one) => Uint8Array.from(Buffer.from(one)))
const { signal } = new AbortController()

const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
const profiles = readdirSync(root)
const found: string[] = []
// Four at a time: the engine searches in threads of its own meanwhile.
await Promise.all(Array.from({ length: 4 }, worker))
delay.disable()
endStoreThread()
const held = delay.max / 1e6
console.log(JSON.stringify({ engine: engine.name, found: found.sort(), rss: peakMemory(), held } satisfies OurBrowsers))

async function worker(): Promise<void> {
  for (let profile = profiles.pop(); profile !== undefined; profile = profiles.pop()) {
    const ref = { root: 0, path: `${profile}/History` }
    const reader = await readerOf(engine, ref)
    if (reader === undefined) throw new Error(`${profile} has no History`)
    const file = { path: ref.path, name: 'History', size: reader.size, mtime: 0, platform: undefined, user: '' }
    for await (const one of chromiumHistory.read(file, reader, needles, signal)) {
      if ('problem' in one) throw new Error(one.problem.message)
      if (campaign.match(one).length > 0) found.push(`${profile} ${one.raw}`)
    }
  }
}

async function readerOf(of: ScanEngine, ref: FileRef): Promise<(SourceReader & { size: number }) | undefined> {
  const [entry] = await of.stat([root], [ref])
  if (entry === undefined || 'code' in entry) return undefined
  return {
    size: entry.size,
    read: (offset, length) => of.read([root], ref, offset, length),
    lines: () => {
      throw new Error('no store is read by lines')
    },
    events: () => {
      throw new Error('no store is an event log')
    },
    mayHold: async () => {
      const request = { roots: [root], items: [ref], patterns, maxFileBytes: 1 << 30, fileTimeoutMs: 60_000 }
      const [result] = await of.search(request, signal)
      if (result === undefined || 'error' in result) throw new Error(`${ref.path} could not be searched`)
      return result.found.length > 0
    },
    beside: (name) => readerOf(of, { root: 0, path: ref.path.replace(/[^/]*$/, name) }),
  }
}

function peakMemory(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 1024
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024
}
