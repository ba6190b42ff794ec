/**
 * `npm run bench -- structure`: what looking into files costs, and that it accuses no clean one.
 *
 * Clean: the command line hunts through the corpus and must give no row above informational. Contest: our decoders and
 * rules beside YARA and YARA-X with the rules alone, equal answers asserted. Growth: a sweep of trees that hold nothing
 * to look into, with and without, in turn.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import { type Contender, contest, has, median, type Timing, timesAsFast } from '../contest.ts'
import { namesOnly, smallFiles } from '../trees.ts'
import { censusTable, counted } from './census.ts'
import { corpusDirectory, filesOf, readCorpus } from './collect.ts'
import type { OurHunt } from './ours.ts'
import { plantSamples } from './planted.ts'

type Say = (line: string) => void

const repository = resolve(import.meta.dirname, '../../..')
const program = `${process.execPath} ${join(import.meta.dirname, 'ours.ts')}`
const wantedFiles = 20_000

/** Runs all three and says the results. */
export function structure(base: string, rounds: number, say: Say): void {
  const corpus = readCorpus(corpusDirectory)
  if (corpus === undefined) {
    say(`\nThere is no corpus in ${corpusDirectory}: node test/bench/structure/collect.ts makes one. Left out.`)
  } else {
    const files = counted(corpus.census)
    say(`
## The corpus

${corpus.packages.length} public packages, ${files} files of the counted kinds; target: at least ${wantedFiles}.
${corpus.missing.length} packages could not be had.

${censusTable(corpus.census)}`)
    if (files < wantedFiles) throw new Error(`the corpus has ${files} files; expected at least ${wantedFiles}`)
    nothingAccused(say)
    rulesContest(
      rounds,
      Object.values(corpus.census).reduce((sum, { bytes }) => sum + bytes, 0),
      say,
    )
  }
  growth(base, rounds, say)
}

interface Row {
  readonly path: string
  readonly level: string
  readonly matched_by?: string
}

/** The built pipeline, as an operator runs it. */
function nothingAccused(say: Say): void {
  const threecx = join(repository, 'cli', 'threecx.mjs')
  const arguments_ = [threecx, 'hunt', '--root', filesOf(corpusDirectory), '--full', '--no-cache', '--format', 'json']
  const run = spawnSync(process.execPath, arguments_, { encoding: 'utf8', maxBuffer: 1 << 30 })
  if (run.error) throw run.error
  const rows = JSON.parse(run.stdout) as Row[] // the command's own output
  const accused = rows.filter(({ level }) => level !== 'informational')
  say(
    `\n## False positives\n\nTarget: none above informational. Found: ${accused.length}.\n\n\`\`\`\n${run.stderr.trim()}\n\`\`\``,
  )
  if (accused.length > 0) throw new Error(`clean files are accused:\n${accused.map(sentence).join('\n')}`)
}

function sentence({ path, level, matched_by }: Row): string {
  return `${level} ${path} ${matched_by ?? ''}`
}

function rulesContest(rounds: number, bytes: number, say: Say): void {
  const folder = join(repository, 'iocs', 'yara')
  const rules = readdirSync(folder)
    .filter((file) => file.endsWith('.yar'))
    .map((file) => join(folder, file))
  const root = filesOf(corpusDirectory)
  const planted = plantSamples(root)
  const set = (paths: readonly string[]) => [...new Set(paths)].sort().join('\n')
  const below = (path: string) => (path.startsWith(root + sep) ? path.slice(root.length + 1) : path)
  const contenders: Contender[] = [
    { name: 'threecx-hunter', command: `${program} inside ${root}`, answer: (stdout) => set(parse(stdout).matched) },
  ]
  if (has('yara')) {
    const answer = (stdout: string) => set(lines(stdout).map((line) => below(line.slice(line.indexOf(' ') + 1))))
    contenders.push({ name: 'yara', command: `yara -w -N -r -p $(nproc) ${rules.join(' ')} ${root}`, answer })
  } else say('\nyara is not installed and left out.')
  if (spawnSync('python3', ['-c', 'import yara_x']).status === 0) {
    const command = `python3 ${join(import.meta.dirname, 'yara-x.py')} ${root} ${rules.join(' ')}`
    contenders.push({ name: 'yara-x (Python)', command, answer: (stdout) => set(lines(stdout).map(below)) })
  } else say('\nyara_x for Python is not installed and left out.')
  try {
    const timings = contest(contenders, rounds)
    const [ours] = timings
    if (!ours) return
    const { files, matched } = parse(ours.stdout)
    const missed = planted.paths.filter((path) => !matched.includes(path))
    if (missed.length > 0) throw new Error(`planted files are not found: ${missed.join(', ')}`)
    say(`
## Decoders and rules over the corpus and ${planted.paths.length} planted files

Equal answers: rules match ${matched.length} files. We also ran our decoders; YARA has no such thing. "times" is how many times as fast we were.

| program | s | files/s | MB/s | times |
|---|---|---|---|---|`)
    for (const one of timings) say(contestRow(one, ours, files, bytes))
  } finally {
    planted.remove()
  }
}

function contestRow(timing: Timing, ours: Timing, files: number, bytes: number): string {
  const seconds = median(timing.seconds)
  const times = timing === ours ? '' : timesAsFast(ours, timing).toFixed(2)
  const cells = [seconds.toFixed(2), (files / seconds).toFixed(0), (bytes / 1e6 / seconds).toFixed(0), times]
  return `| ${timing.name} | ${cells.join(' | ')} |`
}

/** Whole processes: what starting decoders and rules costs counts, too. */
function growth(base: string, rounds: number, say: Say): void {
  const trees = [
    ['1,000,000 files with nothing to read', namesOnly(base, 1_000_000)],
    ['100,000 files of 4 KiB, no program among them', smallFiles(base, 100_000, 4096)],
  ] as const
  say(`
## What structural checks add to a sweep without candidates

Target: less than 10 percent. Medians of whole processes, in turn; the growth is the median of the rounds' ratios.

| tree | without, s | with, s | growth |
|---|---|---|---|`)
  for (const [name, tree] of trees) {
    const answer = (stdout: string) => String(parse(stdout).files)
    const [without, with_] = contest(
      [
        { name: 'without', command: `${program} outside ${tree}`, answer },
        { name: 'with', command: `${program} inside ${tree}`, answer },
      ],
      rounds,
    )
    if (!without || !with_) continue
    const grown = (timesAsFast(without, with_) - 1) * 100
    const cells = [name, median(without.seconds).toFixed(3), median(with_.seconds).toFixed(3), `${grown.toFixed(1)} %`]
    say(`| ${cells.join(' | ')} |`)
  }
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}

function parse(stdout: string): OurHunt {
  return JSON.parse(stdout) as OurHunt // printed by ours.ts
}
