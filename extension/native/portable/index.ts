/**
 * The portable engine: the contract in TypeScript over node:fs and node:crypto.
 *
 * It runs where no native module was built, and it is the referee that the native engine is compared with: clarity
 * goes before speed here. Everything is asynchronous; the only work on the event loop is ruling on names and hashing
 * one chunk at a time.
 */
import { statSync } from 'node:fs'
import { digestRecords } from '../digest-records.ts'
import type { ScanEngine } from '../engine.ts'
import { noEvents } from '../events.ts'
import { noRegistry } from '../registry.ts'
import { digest } from './digest.ts'
import type { Addressing } from './folder.ts'
import { lines } from './lines.ts'
import { answered } from './patience.ts'
import { search } from './search.ts'
import { read, stat } from './single.ts'
import { walk } from './walk.ts'

/** An engine over node:fs; `addressing` other than the platform's own is for tests. */
export function portableEngine(addressing: Addressing = bestAddressing()): ScanEngine {
  return {
    name: 'portable',
    walk: (plan, signal) => walk(addressing, plan, signal),
    settled: async () => undefined,
    digest: (request, signal) => digest(addressing, request, signal),
    digestEntries: (request, signal) =>
      digestRecords({ digest: (items, aborted) => digest(addressing, items, aborted) }, request, signal),
    search: (request, signal) => search(addressing, request, signal),
    stat: (roots, files) => stat(addressing, roots, files),
    contents: async (_roots, _file, _request, signal) => {
      signal.throwIfAborted()
      return { problem: 'the portable engine opens no installers' }
    },
    lines: (roots, item, request, signal) => lines(addressing, roots, item, request, signal),
    events: noEvents,
    release: () => {},
    registry: async () => noRegistry,
    read: (roots, file, offset, length) => answered(read(addressing, roots, file, offset, length)),
  }
}

/** Descriptors where `/proc/self/fd` works: Linux with /proc mounted, and a process that may look at itself. */
function bestAddressing(): Addressing {
  if (process.platform !== 'linux') return 'paths'
  try {
    statSync('/proc/self/fd/.')
    return 'descriptors'
  } catch {
    return 'paths'
  }
}
