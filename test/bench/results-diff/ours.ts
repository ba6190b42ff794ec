/** `node ours.ts FILE ROWS CHANGED`: one run of a query against the state in a database; prints answer, time, memory. */
import { ResultState, resultStatePart } from '../../../daemon/results/result-state.ts'
import { testStore } from '../../support/daemon/memory-store.ts'
import { answerOf, columns, rows } from './rows.ts'

const [file = '', count = '0', changed = '0'] = process.argv.slice(2)
const store = testStore([resultStatePart], file)
const state = new ResultState(store)
let answer: unknown
state.advance(
  { name: 'files', sql: 'SELECT' },
  { columns, rows: rows(Number(count), Number(changed)) },
  { epoch: 0, nowSeconds: 0 },
  (change) => {
    answer = change.counter === 0 ? 'full' : answerOf(change.added, change.removed)
  },
)
store.close()
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
console.log(
  JSON.stringify({ answer, seconds: process.uptime(), cpu: (userCPUTime + systemCPUTime) / 1e6, rssMb: maxRSS / 1024 }),
)
