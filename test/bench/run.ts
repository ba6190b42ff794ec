/**
 * `npm run bench [-- PART|targets]`: this machine's times of what we do, beside what others need for the same, page cache
 * warm. A part is one of `parts.ts`; `targets` runs what the targets of the native module and the page about performance
 * need; without a word everything runs.
 *
 * Everything is run in turn and several rounds; ratios are medians of the rounds' ratios, because machines are noisy.
 * Answers are compared before times. The parts' tables go to test/bench/results.md, what they say of the targets to
 * results.json and from there to docs/performance.md.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pageOf, pictureOf } from '../../scripts/docs/performance.ts'
import { load, machine, note } from './machine.ts'
import type { Part } from './part.ts'
import { parts } from './parts.ts'
import { kept } from './record.ts'
import { type Results, readResults, resultsPath, resultsText } from './results.ts'
import { shrink, sizes } from './sizes.ts'
import { targetsTable } from './targets/table.ts'

const root = join(import.meta.dirname, '..', '..')
const asked = process.argv[2]
const chosen = parts.filter(
  ({ name, hasTargets }) => asked === undefined || asked === name || (asked === 'targets' && hasTargets),
)
if (chosen.length === 0) {
  console.error(
    `cannot run the benchmark "${asked}": expected targets, ${parts.map(({ name }) => name).join(', ')}, or nothing for all.`,
  )
  process.exit(2)
}
const given = process.env['THREECX_BENCH_DIR'] ?? join(tmpdir(), 'threecx-bench')
const base = shrink === 1 ? given : join(given, `shrunk-${shrink}`)
const rounds = Number(process.env['THREECX_BENCH_ROUNDS'] ?? 5)
const loadBefore = load()
mkdirSync(base, { recursive: true })

const written = new Map<Part, string>()
for (const part of chosen) written.set(part, await textOf(part))
if (shrink === 1) keepTables()
if (parts.filter(({ hasTargets }) => hasTargets).every((part) => chosen.includes(part))) sayTargets()

/** Runs a part; gives what it said. */
async function textOf(part: Part): Promise<string> {
  const lines: string[] = []
  const say = (line: string): void => {
    lines.push(line)
    console.log(line)
  }
  const remark = note === '' ? '' : `, ${note}`
  const divided = shrink === 1 ? '' : `\nTrees and logs are divided by ${shrink}: a trial, no result.`
  say(
    `${part.title}\n\nWritten by \`npm run bench\`: ${machine}; load ${load().toFixed(1)} at the start${remark}.\n${part.how(rounds)}${divided}`,
  )
  await part.run({ base, rounds, say })
  return lines.join('\n')
}

/** Writes results.md: what was said now, and of the parts that were not asked for what an earlier run said. */
function keepTables(): void {
  const path = join(import.meta.dirname, 'results.md')
  const earlier = readFileSync(path, 'utf8')
  const texts = parts.map((part) => written.get(part) ?? sectionOf(earlier, part.title))
  writeFileSync(path, `${texts.filter((text) => text !== '').join('\n\n')}\n`)
}

/** What is below a title, with it; empty when it is not there. */
function sectionOf(text: string, title: string): string {
  const from = text.indexOf(`${title}\n`)
  if (from < 0) return ''
  const end = text.indexOf('\n# ', from)
  return text.slice(from, end < 0 ? undefined : end).trim()
}

/** Says the targets, and writes the run with its page and picture: into the tree, unless it is a trial. */
function sayTargets(): void {
  const { contests, missing, facts } = kept()
  const results: Results = { machine, shrink, rounds, load: loadBefore, note, sizes, contests, missing, facts }
  console.log(
    `\n# Targets\n\n${shrink === 1 ? '' : `A trial: sizes are divided by ${shrink}.\n\n`}${targetsTable(results)}`,
  )
  const [data, page, image] =
    shrink === 1
      ? [resultsPath, join(root, 'docs', 'performance.md'), join(root, 'docs', 'performance.svg')]
      : ['results.json', 'performance.md', 'performance.svg'].map((name) => join(base, name))
  writeFileSync(String(data), resultsText(results))
  // The page is made of what the file says, rounded as it is.
  const read = readResults(data)
  writeFileSync(String(page), pageOf(read))
  writeFileSync(String(image), pictureOf(read))
  console.log(`\nwritten: ${data}, ${page}, ${image}`)
}
