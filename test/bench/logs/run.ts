/**
 * `npm run bench -- logs`: the campaign's domains in a resolver's log, beside ripgrep and grep, equal lines asserted.
 *
 * One thread is had by confining a process to one processor; unpacking is judged by what `pigz` alone takes.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Contender, contest, has, median, type Timing, timesAsFast } from '../contest.ts'
import { keepMissing, type Work } from '../record.ts'
import { campaignDomains, dnsLog, listFile, manyDomains } from './dns-log.ts'

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
  for (const count of [40, 1000]) {
    const list = listFile(folder, `domains-${count}.txt`, manyDomains(count))
    const contenders = [
      ours('threecx-hunter, whole process', alone, log, list),
      ...rival('rg -F -i', 'rg', `${alone} rg -F -i -j1 -f ${list} ${log}`),
    ]
    table(`${count} domains, one thread`, 'Target: rg at least 5.', contenders, `logs-${count}`)
  }
  table('10,000 domains beside the same few', 'Target: at most 1.3 times as long (times at least 0.77).', [
    ours('10,000, one thread', alone, log, many),
    { ...ours('the few, one thread', alone, log, few), answer: () => foundBy(many, log) },
  ])
  if (!has('pigz')) {
    say('\npigz is not installed: packed logs are left out.')
    return
  }
  table('The same log, gzip', 'Target: at most 1.15 times as long as pigz (times at least 0.87).', [
    { ...ours('threecx-hunter, gzip', '', packed, few), answer: () => '' },
    { name: 'pigz -dc | wc -c', command: `pigz -dc ${packed} | wc -c`, answer: () => '' },
  ])

  function table(title: string, target: string, contenders: readonly Contender[], work?: Work): void {
    const timings = contest(contenders, rounds, 'wall', work)
    const [first] = timings
    if (!first) return
    say(`\n## ${title}\n\n${target} Peak memory is that of our process.\n`)
    say('| command | s | min | max | times | MB |\n|---|---|---|---|---|---|')
    for (const one of timings) say(row(folder, one, one === first ? undefined : timesAsFast(first, one)))
  }
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
