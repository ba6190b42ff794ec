/**
 * `npm run bench -- logs`: the campaign's domains in a resolver's log, beside ripgrep, grep and Hyperscan, equal lines
 * asserted.
 *
 * Ours is there twice: the Rust crate as a program (`examples/lines.rs`), which is what the rivals are, and a whole process
 * with Node around it. One thread is had by confining a process to one processor; unpacking is judged by what `pigz`
 * alone takes.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Contender, contest, cpuRatio, has, median, type Timing, timesAsFast } from '../contest.ts'
import { builtC, builtExample } from '../programs.ts'
import { keepMissing, type Work } from '../record.ts'
import { campaignDomains, dnsLog, labelsOf, listFile, manyDomains } from './dns-log.ts'

type Say = (line: string) => void

const alone = 'taskset -c 0'

/** Runs all and says the results. */
export function logs(folder: string, rounds: number, say: Say): void {
  mkdirSync(folder, { recursive: true })
  const log = dnsLog(folder)
  const packed = `${log}.gz`
  if (!existsSync(packed))
    execFileSync('bash', ['-c', `gzip -c ${log} > ${packed}.partial && mv ${packed}.partial ${packed}`])
  const few = listFile(folder, 'few.txt', campaignDomains())
  const many = listFile(folder, 'many.txt', manyDomains(10_000))
  const program = `NODE_COMPILE_CACHE=${join(folder, 'code')} ${process.execPath} ${join(import.meta.dirname, 'ours.ts')}`
  const ours = (name: string, prefix: string, file: string, list: string): Contender => ({
    name,
    command: `${prefix} env ${program} ${file} ${list} ${reportOf(folder, name)}`,
    answer: digest,
  })
  const rival = (name: string, needed: string, command: string): Contender[] => {
    if (has(needed)) return [{ name, command, answer: digest }]
    say(`\n${needed} is not installed and left out.`)
    keepMissing(name, `${needed} is not installed`)
    return []
  }
  const crate = builtExample('lines', 'lines', say)
  const source = join(import.meta.dirname, 'hyperscan.c')
  const library = { flag: '-lhs', debian: 'libhyperscan-dev' }
  const hyperscan = builtC(source, join(folder, 'hyperscan'), library, ['Hyperscan'], say)
  const built = (name: string, program: string | undefined, list: string): Contender[] =>
    program === undefined ? [] : [{ name, command: `${alone} ${program} ${log} ${list}`, answer: digest }]
  const mibs = statSync(log).size / 2 ** 20
  table(
    `${campaignDomains().length} domains in a log of 15 million lines, ${mibs.toFixed(0)} MiB`,
    'Target: rg on one thread at least 6.',
    [
      ours('threecx-hunter, one thread', alone, log, few),
      ours('threecx-hunter', '', log, few),
      ...rival('rg -F -i -j1', 'rg', `rg -F -i -j1 -f ${few} ${log}`),
      ...rival('rg -F -i', 'rg', `rg -F -i -f ${few} ${log}`),
      ...rival('grep -F -i', 'grep', `LC_ALL=C grep -F -i -f ${few} ${log} | cat`),
    ],
  )
  for (const count of [40, 200, 1000, 10_000]) {
    const domains = manyDomains(count)
    const labels = labelsOf(domains)
    for (const [what, list] of [
      ['domains', listFile(folder, `domains-${count}.txt`, domains)],
      [`texts as a hunt seeks ${count} domains`, listFile(folder, `labels-${count}.txt`, labels)],
    ] as const) {
      const contenders = [
        ...built('threecx-hunter, the crate', crate, list),
        ours('threecx-hunter, whole process', alone, log, list),
        ...rival('rg -F -i', 'rg', `${alone} rg -F -i -j1 -f ${list} ${log}`),
        ...built('Hyperscan', hyperscan, list),
      ]
      const title = `${(what === 'domains' ? count : labels.length).toLocaleString('en')} ${what}`
      oneThread(title, contenders, workOf(what, count))
    }
  }
  for (const [what, list] of [
    ['domains', many],
    ['texts', listFile(folder, 'labels-many.txt', labelsOf(manyDomains(10_000)))],
  ] as const) {
    table(`10,000 ${what} beside the same few`, 'Target: at most 1.3 times as long (times at least 0.77).', [
      ours('10,000, one thread', alone, log, list),
      { ...ours('the few, one thread', alone, log, few), answer: () => foundBy(list, log) },
    ])
  }
  if (!has('pigz')) {
    say('\npigz is not installed: packed logs are left out.')
    return
  }
  table('The same log, gzip', 'Target: at most 1.15 times as long as pigz (times at least 0.87).', [
    { ...ours('threecx-hunter, gzip', '', packed, few), answer: () => '' },
    { name: 'pigz -dc | wc -c', command: `pigz -dc ${packed} | wc -c`, answer: () => '' },
  ])

  /** Each in one thread; the first two are ours. */
  function oneThread(title: string, contenders: readonly Contender[], work: Work | undefined): void {
    const timings = contest(contenders, rounds, 'wall', work)
    const ours = timings.filter(({ name }) => name.startsWith('threecx-hunter'))
    say(
      `\n## ${title}, one thread\n\nTarget: rg at least 5, Hyperscan at least 0.85; making the strings ready counts.\n`,
    )
    const heads = ours.flatMap(({ name }) => ['times', 'CPU times'].map((what) => `${what}, ${name.split(', ')[1]}`))
    say(`| command | s | min | max | CPU, s | ${heads.join(' | ')} |`)
    say(`|${'---|'.repeat(5 + heads.length)}`)
    for (const one of timings) {
      const seconds = [median(one.seconds), Math.min(...one.seconds), Math.max(...one.seconds), median(one.cpu)]
      const ratios = ours.flatMap((our) =>
        [timesAsFast(our, one), 1 / cpuRatio(our, one)].map((value) => value.toFixed(2)),
      )
      const times = ours.includes(one) ? ratios.map(() => '') : ratios
      say(`| ${[one.name, ...seconds.map((value) => value.toFixed(3)), ...times].join(' | ')} |`)
    }
  }

  function table(title: string, target: string, contenders: readonly Contender[]): void {
    const timings = contest(contenders, rounds)
    const [first] = timings
    if (!first) return
    say(`\n## ${title}\n\n${target} Peak memory is that of our process.\n`)
    say('| command | s | min | max | times | MB |\n|---|---|---|---|---|---|')
    for (const one of timings) say(row(folder, one, one === first ? undefined : timesAsFast(first, one)))
  }
}

/** The tables that the targets name. */
function workOf(what: string, count: number): Work | undefined {
  if (what !== 'domains') return undefined
  return count === 40 ? 'logs-40' : count === 1000 ? 'logs-1000' : undefined
}

function row(folder: string, { name, seconds }: Timing, times: number | undefined): string {
  const cells = [median(seconds), Math.min(...seconds), Math.max(...seconds)].map((one) => one.toFixed(3))
  const report = reportOf(folder, name)
  const memory = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')).rssMb.toFixed(0) : ''
  return `| ${name.replaceAll('|', '\\|')} | ${cells.join(' | ')} | ${times?.toFixed(2) ?? ''} | ${memory} |`
}

function reportOf(folder: string, name: string): string {
  return join(folder, `${name.replaceAll(/[^a-z0-9]+/g, '-')}.json`)
}

function digest(lines: string): string {
  return `${lines.split('\n').length - 1} lines ${createHash('sha256').update(lines).digest('hex')}`
}

/** What rg finds of a list: the answer that another list of ours must give. */
const found = new Map<string, string>()
function foundBy(list: string, log: string): string {
  const known =
    found.get(list) ?? digest(execFileSync('rg', ['-F', '-i', '-f', list, log], { maxBuffer: 1 << 30 }).toString())
  found.set(list, known)
  return known
}
