/** Our sweep as a contender: `ours.ts` as a process of its own, and rivals that may not be installed. */
import { join } from 'node:path'
import { type Contender, has } from './contest.ts'
import type { Say } from './part.ts'
import { keepMissing } from './record.ts'

/** What `ours.ts` prints. */
export interface OurAnswer {
  readonly engine: string
  readonly files: number
  readonly hashed: number
  readonly cached: number
  readonly bytes: number
  readonly digest: string
  readonly rss: number
  readonly held: number
}

/** Node running a program; compiled code is kept between runs, as the `threecx` command keeps it. */
export function nodeCommand(base: string, program: string): string {
  return `NODE_COMPILE_CACHE=${join(base, 'code')} ${process.execPath} ${program}`
}

/** One of the jobs of `ours.ts`. */
export function oursCommand(base: string, job: string, target: string): string {
  return `${nodeCommand(base, join(import.meta.dirname, 'ours.ts'))} ${job} ${target}`
}

/** We, whole. */
export function ours(base: string, job: string, target: string, answer: (answer: OurAnswer) => string): Contender {
  const command = oursCommand(base, job, target)
  return { name: 'threecx-hunter', command, answer: (stdout) => answer(parsed(stdout)) }
}

/** What it printed. */
export function parsed(stdout: string): OurAnswer {
  return JSON.parse(stdout) as OurAnswer // printed by ours.ts
}

/** A rival if its program is there; else none, and that is said and kept. */
export function rival(contender: Contender, program: string, say: Say): Contender[] {
  if (has(program)) return [contender]
  say(`\n${contender.name} is not installed and left out.`)
  keepMissing(contender.name, `${program} is not installed`)
  return []
}
