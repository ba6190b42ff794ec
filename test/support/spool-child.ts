/**
 * A process to be killed: appends and settles without end, and says on its output what was promised, after it was.
 *
 * Lines: `a <sequence>` everything up to it is appended; `s <sink> <sequence>` a settle of everything up to it begins.
 */
import { writeSync } from 'node:fs'
import { openSpool } from '../../daemon/spool/open-spool.ts'
import { spoolPart } from '../../daemon/spool/spool-part.ts'
import { openStore } from '../../daemon/store/open-store.ts'
import { eventNumber } from './spool-place.ts'

const [directory = '', seed = '1'] = process.argv.slice(2)
const store = openStore(directory, [spoolPart], {
  warn: (fields, message) => say(`w ${message} ${JSON.stringify(fields)}`),
})
const spool = openSpool(store, { maxBytes: 1 << 28, maxAgeSeconds: 0, whenFull: 'drop_oldest' })
spool.setSinks(['one', 'two'])
let dice = Number(seed) + 1

for (;;) {
  const count = 1 + (roll() % 40)
  spool.append(Array.from({ length: count }, (_, at) => eventNumber(spool.newest + at + 1, 60 + (roll() % 600))))
  say(`a ${spool.newest}`)
  for (const sink of ['one', 'two']) {
    if (roll() % 3 === 0) continue
    const batch = spool.read(sink, { maxEvents: 1 + (roll() % 60), maxBytes: 1 << 20 })
    const last = batch.at(-1)
    if (!last) continue
    say(`s ${sink} ${last.sequence}`)
    spool.settle(sink, batch, { delivered: new Set(batch.map((event) => event.sequence)), dead: new Map() })
  }
  if (roll() % 20 === 0) spool.tidy(0)
}

function roll(): number {
  dice = (dice * 1103515245 + 12345) % 2 ** 31
  return dice >> 8
}

function say(line: string): void {
  writeSync(1, `${line}\n`)
}
