/**
 * What happened on a host, in sentences, in the order in which it happened: what was installed, what runs, how far the
 * attack got, what it hid and when it meant to go on.
 */
import { meaningOf, reachedStage } from './attack-progress.ts'
import type { Contact } from './contact.ts'
import type { Execution } from './execution.ts'
import type { HostState } from './host-state.ts'
import { fixedVersion, type Install } from './install.ts'
import type { TiedProcess } from './process.ts'

/** Addresses, installs or processes in one list. */
const maxListed = 20

/** Sentences about a host; a clean install of the app is worth one, a host without traces has none. */
export function storyOf(state: HostState): string[] {
  const stage = reachedStage(state)
  const payloads = state.artifacts.flatMap((one) => one.payloads)
  const urls = [...new Set(payloads.flatMap((one) => one.urls))]
  const runs = payloads.flatMap((one) => one.nextRun ?? [])
  return [
    ...listed(state.installs, installText, 'installs, see threecx_installs'),
    ...listed(state.processes.filter(counts), processText, 'processes, see threecx_processes'),
    ...listed(state.executions.filter(counts), executionText, 'records of executions, see threecx_executions'),
    ...listed(state.contacts, contactText, 'contacts, see threecx_c2_hits'),
    ...(stage === undefined ? [] : [`reached stage ${stage}: ${meaningOf(stage)}`]),
    ...(urls.length > 0 ? [`hidden addresses: ${urls.slice(0, maxListed).join(', ')}`] : []),
    ...(runs.length > 0 ? [`the malware meant to run next at ${timeText(Math.max(...runs))}`] : []),
    ...(hasPadding(state) && state.paddingCheck !== 'unknown' ? [paddingText(state.paddingCheck)] : []),
  ]
}

/** Whether a process, of now or of the past, speaks against its host: a clean app does not. */
export function counts({ verdict }: Pick<TiedProcess, 'verdict'>): boolean {
  return verdict !== 'benign'
}

function listed<T>(all: readonly T[], text: (one: T) => string, rest: string): string[] {
  const shown = all.slice(0, maxListed).map(text)
  return all.length > maxListed ? [...shown, `and ${all.length - maxListed} more ${rest}`] : shown
}

function installText({ state, platform, version, affected, user, scope, home, imagePath, firstSeen }: Install): string {
  const app = `3CX Desktop App${version === undefined ? ' of unknown version' : ` ${version}`} for ${systems[platform]}`
  const whose = scope === 'user' && user !== '' ? ` for ${user}` : ''
  const when = firstSeen === undefined ? '' : `, since ${timeText(firstSeen)}`
  const kind =
    affected === undefined ? '' : affected ? '; that release is compromised' : '; not one of the compromised releases'
  const place = home === '' ? imagePath : home
  switch (state) {
    case 'present':
      return `installed: ${app}${whose} in ${place}${when}${kind}`
    case 'removed':
      return `was installed: ${app}${whose} (${place})${firstSeen === undefined ? '' : `, seen ${timeText(firstSeen)}`}${kind}`
    case 'served':
      return `handed out to others: ${app} (${imagePath})${kind}${affected ? `, replace it by ${fixedVersion} or later` : ''}`
  }
}

const systems = { windows: 'Windows', darwin: 'macOS', linux: 'Linux' } as const

function processText({ pid, name, path, user, evidence }: TiedProcess): string {
  const [first] = evidence
  const whose = user === '' ? '' : ` as ${user}`
  if (pid === 0 && path === '') return `open: the named event ${name}: ${first?.component ?? 'tied to the campaign'}`
  return `running: ${path || name} (process ${pid}${whose}): ${first?.component ?? 'tied to the campaign'}`
}

function executionText({ proof, path, user, evidence, version, source, time, lastTime, count }: Execution): string {
  const [first] = evidence
  const whose = user === '' ? '' : ` as ${user}`
  const times = count === undefined ? '' : count === 1 ? ', once' : `, ${count} times`
  const release = version === undefined ? '' : ` ${version}`
  const what = proof === 'ran' ? 'ran' : 'was seen'
  return `${what}: ${path}${whose}${times}${span(time, lastTime)}: ${first?.component ?? 'program'}${release} (${source})`
}

/** `, 2023-03-22T14:00:00Z to 2023-03-23T09:00:00Z`; empty when no time is known. */
function span(first: number | undefined, last: number | undefined): string {
  if (first === undefined) return ''
  return `, ${timeText(first)}${last === undefined || last === first ? '' : ` to ${timeText(last)}`}`
}

function contactText({ indicator, source, sourcePath, user, count, firstSeen, lastSeen }: Contact): string {
  const whose = user === '' ? '' : ` by ${user}`
  const times = count === 1 ? 'once' : `${count} times`
  return `contacted: ${indicator}${whose}, ${times}${span(firstSeen, lastSeen)} (${source}, ${sourcePath})`
}

function hasPadding({ artifacts }: HostState): boolean {
  return artifacts.some(
    ({ verdict, findings }) =>
      verdict !== 'benign' &&
      findings.some(({ observable: { type, value } }) => type === 'structure' && value === 'cert_padding'),
  )
}

function paddingText(check: 'on' | 'off'): string {
  return check === 'on'
    ? 'Windows refuses signatures with bytes behind them here (EnableCertPaddingCheck is on)'
    : 'Windows accepts signatures with bytes behind them here (EnableCertPaddingCheck is off)'
}

/** 2023-03-22T14:00:00Z. */
function timeText(seconds: number): string {
  const time = new Date(seconds * 1000)
  return Number.isNaN(time.getTime()) ? `${seconds} (unix seconds)` : time.toISOString().replace('.000Z', 'Z')
}
