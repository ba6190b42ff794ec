/**
 * A scheduler as a process: `node mortal-scheduler.ts DATABASE`. One of its queries kills the process; when another has
 * delivered, it writes how everything stands to stdout and ends.
 */
import { pino } from 'pino'
import { EmbeddedEngine } from '../../../daemon/engine/embedded-engine.ts'
import { schedulePart } from '../../../daemon/schedule/schedule-state.ts'
import { Scheduler } from '../../../daemon/scheduler.ts'
import { testStore } from '../../support/daemon/memory-store.ts'
import { dangerousTables } from './dangerous-tables.ts'
import { scheduledQuery } from './queries.ts'

const [path = ''] = process.argv.slice(2)
process.env['OSQUERY_EXTENSION'] = String(process.pid) // the table ends whoever this names

const done = Promise.withResolvers<void>()
const engine = new EmbeddedEngine({
  extension: { name: 'threecx_hunter', version: '0.0.0' },
  open: async () => ({ tables: dangerousTables(), close: () => {} }),
})
const scheduler = new Scheduler({
  engine,
  store: testStore([schedulePart], path),
  host: { name: 'host', platform: 'linux' },
  deliver: async () => done.resolve(),
  log: pino({ level: 'silent' }),
})
scheduler.start([
  scheduledQuery({ name: 'deadly', sql: 'SELECT * FROM deadly', startupPriority: 0 }),
  scheduledQuery({ name: 'good', sql: 'SELECT name FROM good_values', startupPriority: 1 }),
])
const alive = setInterval(() => {}, 1000)
await done.promise
await scheduler.stop(1000)
await engine.close()
clearInterval(alive)
process.stdout.write(JSON.stringify(scheduler.standings()))
