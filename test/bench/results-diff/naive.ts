/**
 * `node naive.ts FILE ROWS CHANGED`: the same run as a shipper does it that keeps the last result as JSON and compares rows
 * as JSON in Sets. Its file is replaced by a rename and not synced.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { answerOf, type FileRow, rows } from './rows.ts'

const [file = '', count = '0', changed = '0'] = process.argv.slice(2)
const previous: FileRow[] = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : []
const current = [...rows(Number(count), Number(changed))]
const before = new Set(previous.map((row) => JSON.stringify(row)))
const now = new Set(current.map((row) => JSON.stringify(row)))
const added = [...now].filter((row) => !before.has(row))
const removed = [...before].filter((row) => !now.has(row))
writeFileSync(`${file}.new`, JSON.stringify(current))
renameSync(`${file}.new`, file)
const parsed = (all: string[]) => all.map((row) => JSON.parse(row) as FileRow)
const answer = previous.length === 0 ? 'full' : answerOf(parsed(added), parsed(removed))
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
console.log(
  JSON.stringify({ answer, seconds: process.uptime(), cpu: (userCPUTime + systemCPUTime) / 1e6, rssMb: maxRSS / 1024 }),
)
