/**
 * `npm run bench -- limits`: the parts of each work alone. Reading without digesting, digesting from memory, starting with
 * nothing to do. The walks and the small files' system calls are contenders of the other parts already.
 */
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Contender, contest, has, median } from '../contest.ts'
import { builtKernel } from '../digests/run.ts'
import { dnsLog, listFile, manyDomains } from '../logs/dns-log.ts'
import type { Bench } from '../part.ts'
import { builtExample } from '../programs.ts'
import { keepFact, type Work } from '../record.ts'
import { sizes } from '../sizes.ts'
import { mixedFiles } from '../trees.ts'
import { nodeCommand, oursCommand } from '../whole-process.ts'
import { bestKernels, opensslSpeed } from './kernels.ts'

/** Runs all and says the results. */
export function limits(bench: Bench): void {
  sayFloors(bench)
  saySpeeds(bench)
}

/** Reading alone, and our programs with nothing to do. */
function sayFloors({ base, rounds, say }: Bench): void {
  const folder = join(base, 'limits')
  mkdirSync(folder, { recursive: true })
  const large = mixedFiles(base, sizes.largeFiles)
  keepFact('largeBytes', bytesIn(large))
  keepFact('smallBytes', sizes.smallFiles * 4096)
  const kernel = builtKernel(folder, say)
  mkdirSync(join(base, 'logs'), { recursive: true })
  const log = dnsLog(join(base, 'logs'))
  keepFact('logBytes', statSync(log).size)
  say('\n## What the system takes, and a start\n')
  say('| what | CPU s | min | max |\n|---|---|---|---|')
  if (kernel) row('read-large', 'read the large files, 16 KiB at a time', `${kernel} ${large} 0`)
  if (has('dd')) row('read-log', 'read the log, 256 KiB at a time', `dd if=${log} of=/dev/null bs=256k status=none`)
  for (const [work, command] of Object.entries(starts(base, folder)) as [Work, string][]) {
    row(work, `our program without work (${work.slice('start-'.length)})`, command)
  }

  function row(work: Work, name: string, command: string): void {
    const contender: Contender = { name, command, answer: () => '' }
    const [timing] = contest([contender], rounds, 'cpu', work)
    if (!timing) return
    const cells = [median(timing.seconds), Math.min(...timing.seconds), Math.max(...timing.seconds)]
    say(`| ${name} | ${cells.map((one) => one.toFixed(3)).join(' | ')} |`)
  }
}

/** Our programs, as the contests run them, over a directory and a log with nothing in them. */
function starts(base: string, folder: string): Readonly<Partial<Record<Work, string>>> {
  const [nothing, state] = [join(folder, 'nothing'), join(folder, 'state')]
  rmSync(state, { recursive: true, force: true })
  mkdirSync(nothing, { recursive: true })
  mkdirSync(state, { mode: 0o700 })
  const log = join(folder, 'empty.log')
  writeFileSync(log, '')
  const list = listFile(folder, 'list.txt', manyDomains(40))
  const program = (part: string): string => nodeCommand(base, join(import.meta.dirname, '..', part, 'ours.ts'))
  return {
    'start-digests': `${program('digests')} ${nothing} 1`,
    'start-names': oursCommand(base, 'sweep', nothing),
    'start-rescan': `${program('rescan')} ${nothing} ${state} ${'0'.repeat(64)}`,
    'start-logs': `${program('logs')} ${log} ${list} ${join(folder, 'report.json')}`,
  }
}

/** Our digests from memory, and OpenSSL's. */
function saySpeeds({ say }: Bench): void {
  say('\n## Digests from memory, one thread\n\n| digest | GB per CPU second | by |\n|---|---|---|')
  const sayRow = (name: string, bytesPerSecond: number, kernel: string): void =>
    say(`| ${name} | ${(bytesPerSecond / 1e9).toFixed(2)} | ${kernel} |`)
  if (has('openssl')) {
    const speed = opensslSpeed(outputOf('openssl speed -mr -seconds 1 -bytes 65536 -evp sha256 2> /dev/null'))
    keepFact('opensslSpeed', speed)
    sayRow('sha256', speed, 'openssl speed')
  }
  const program = builtExample('scan', 'kernels', say, ['proof'])
  if (!program) {
    say('\nOurs are not measured: examples/kernels.rs of the scan crate is not there, or there is no Rust toolchain.')
    return
  }
  const speeds = bestKernels(outputOf(`${program} 0.1`))
  keepFact('speeds', speeds)
  for (const [name, { bytesPerSecond, kernel }] of Object.entries(speeds)) sayRow(name, bytesPerSecond, kernel)
}

/** What a command prints that measures itself. */
function outputOf(command: string): string {
  return contest([{ name: command, command, answer: () => '' }], 0)[0]?.stdout ?? ''
}

function bytesIn(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
}
