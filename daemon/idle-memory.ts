/**
 * A daemon that waits gives back what its last queries needed: garbage, and on Linux the pages of program files, which
 * come back from the page cache when they are touched. The native engine has the call for it; without it only garbage goes.
 */
import { releaseWhenIdle } from '../extension/idle-release.ts'

/** Watches `count`, which stays the same while nothing happens, until the result is called; `stateDir` is where the native engine is unpacked. */
export function releaseIdleMemory(count: () => number, stateDir: string): () => void {
  let looks = 0
  const grown = () => (looks++ === 0 ? -1 : count()) // what the start needed is given back, too
  return releaseWhenIdle(grown, () => {
    import('../extension/native/index.ts')
      .then(({ openEngine }) => openEngine({ stateDir }))
      .then(({ engine }) => engine.release())
      .catch(() => {}) // it only costs memory
  })
}
