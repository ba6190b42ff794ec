/** One search for everybody who asks within its time. */
import { describe, expect, it } from 'vitest'
import { RememberedSearch } from '../../../extension/installs/remembered-search.ts'
import type { ScanEngine } from '../../../extension/native/engine.ts'
import { portableEngine } from '../../../extension/native/portable/index.ts'
import { appProgram } from '../../support/image/windows-app.ts'
import { partsFor, withTree } from '../../support/install-trees.ts'

const never = new AbortController().signal
const tree = { 'Program Files/3CXDesktopApp/app/3CXDesktopApp.exe': appProgram('18.12.416', 'main') }

describe('a remembered search', () => {
  it('walks once for callers at the same time, again when its time is over, and not at all when closing', async () => {
    await withTree(tree, async (root) => {
      let walks = 0
      let nowMs = 0
      const engine: ScanEngine = portableEngine()
      const walk: ScanEngine['walk'] = (plan, signal) => {
        walks += 1
        return engine.walk(plan, signal)
      }
      const counting: ScanEngine = { ...engine, walk }
      const closing = new AbortController()
      const parts = { ...(await partsFor(counting, root, 'windows')), clock: { nowMs: () => nowMs } }
      const search = new RememberedSearch(parts, closing.signal, { rememberMs: 1000, timeoutMs: 60_000 })
      const [one, two] = await Promise.all([search.get(never), search.get(never)])
      expect(one).toBe(two)
      expect(one.installs).toHaveLength(1)
      nowMs = 999
      await search.get(never)
      expect(walks).toBe(1)
      nowMs = 1000
      await search.get(never)
      expect(walks).toBe(2)
      nowMs = 5000
      closing.abort(new Error('closing'))
      await expect(search.get(never)).rejects.toThrow('closing')
    })
  })

  it('lets one caller go without stopping the others', async () => {
    await withTree(tree, async (root) => {
      const search = new RememberedSearch(await partsFor(portableEngine(), root, 'windows'))
      const impatient = search.get(AbortSignal.abort(new Error('enough')))
      await expect(impatient).rejects.toThrow('enough')
      expect((await search.get(never)).installs).toHaveLength(1)
    })
  })
})
