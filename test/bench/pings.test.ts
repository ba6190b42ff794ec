/** Pings of a program's event loop. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'

it('every ping that falls into a hold waits for its end, the ones at the end of the program included', () => {
  const folder = mkdtempSync(join(tmpdir(), 'threecx-pings-'))
  try {
    const report = join(folder, 'pings.json')
    const program = `import { startPings } from ${JSON.stringify(join(import.meta.dirname, 'pings.ts'))}
startPings()
const end = performance.now() + 350
while (performance.now() < end);`
    execFileSync(process.execPath, ['--input-type=module-typescript', '-e', program], {
      env: { ...process.env, THREECX_BENCH_PINGS: report },
      timeout: 30_000,
    })
    const waits = JSON.parse(readFileSync(report, 'utf8')) as number[]
    // Due at 100, 200 and 300 ms, and none was answered before 350.
    expect(waits.length).toBeGreaterThanOrEqual(3)
    expect(waits[0]).toBeGreaterThanOrEqual(250)
    expect(waits[1]).toBeGreaterThanOrEqual(150)
    expect(waits[2]).toBeGreaterThanOrEqual(50)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
