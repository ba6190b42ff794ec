/**
 * A process that appends and settles is killed at random moments; the oracle is what it said before.
 *
 * After every kill: what was acknowledged is there, in order and once; no cursor is beyond a settle that was begun;
 * nothing counts as damaged. `THREECX_SPOOL_KILLS` sets the number of kills.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { eventNumber, SpoolPlace } from '../../support/spool-place.ts'

const kills = Number(process.env['THREECX_SPOOL_KILLS'] ?? 30)
const program = join(import.meta.dirname, '..', '..', 'support', 'spool-child.ts')
const sinks = ['one', 'two']

let place: SpoolPlace | undefined
let child: ChildProcess | undefined
afterEach(() => {
  child?.kill('SIGKILL')
  place?.remove()
})

describe('a killed spool', () => {
  it(
    `keeps its promises through ${kills} kills`,
    async () => {
      place = new SpoolPlace()
      let acknowledged = 0
      const begun = new Map<string, number>()
      for (let round = 0; round < kills; round++) {
        const said = await runAndKill(place.directory, round)
        expect(said.filter((line) => line.startsWith('w'))).toEqual([])
        for (const [what, ...rest] of said.map((line) => line.split(' '))) {
          if (what === 'a') acknowledged = Number(rest[0])
          if (what === 's') begun.set(rest[0] ?? '', Number(rest[1]))
        }
        check(place, acknowledged, begun)
      }
      expect(acknowledged).toBeGreaterThan(kills)
    },
    30_000 + kills * 5_000,
  )
})

/** Lets the child speak some lines, kills it, and gives every whole line that it said. */
function runAndKill(directory: string, round: number): Promise<string[]> {
  const lines = 1 + ((round * 7919) % 61)
  const process_ = spawn(process.execPath, [program, directory, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child = process_
  let text = ''
  process_.stdout.setEncoding('utf8')
  process_.stdout.on('data', (piece: string) => {
    text += piece
    // Not at once after a line, but somewhere in what follows it.
    if (text.split('\n').length > lines) setTimeout(() => process_.kill('SIGKILL'), (round * 13) % 17)
  })
  return new Promise((resolve, reject) => {
    process_.on('error', reject)
    process_.on('close', () => resolve(text.split('\n').slice(0, -1)))
  })
}

function check(place: SpoolPlace, acknowledged: number, begun: ReadonlyMap<string, number>): void {
  const { spool, close } = place.open()
  try {
    expect(spool.newest).toBeGreaterThanOrEqual(acknowledged)
    for (const standing of spool.standings()) {
      expect(standing).toMatchObject({ damaged: 0, dropped: 0, deadLetters: 0 })
      const events = spool.read(standing.sink, {
        maxEvents: Number.POSITIVE_INFINITY,
        maxBytes: Number.POSITIVE_INFINITY,
      })
      const first = spool.newest - events.length + 1
      expect(events.map((event) => event.sequence)).toEqual(events.map((_, at) => first + at))
      for (const { sequence, line } of events)
        expect(line.startsWith(eventNumber(sequence, 0).line.slice(0, -2))).toBe(true)
      expect(first - 1).toBeLessThanOrEqual(begun.get(standing.sink) ?? 0)
      expect(standing.delivered).toBe(first - 1)
    }
    if (acknowledged > 0) expect(spool.standings().map(({ sink }) => sink)).toEqual(sinks)
    expect(place.warnings).toEqual([])
  } finally {
    close()
  }
}
