/**
 * The report of a hunt for people: verdict, what was found and why, what was searched, what to do next.
 */
import { type Artifact, whyArtifact } from '../extension/domain/artifact.ts'
import { meaningOf, stageOf, storyOrder } from '../extension/domain/attack-progress.ts'
import type { HostVerdict, HostVerdictWord } from '../extension/domain/host-verdict.ts'
import type { Payload } from '../extension/domain/payload.ts'
import { isBlinding, type Scan } from '../extension/domain/scan.ts'
import { shortTimeline, type TimelineEvent } from '../extension/domain/timeline.ts'
import { printable } from './output/printable.ts'

/** Everything a report says. */
export interface HuntFacts {
  readonly host: HostVerdict
  /** Without the benign ones, gravest first. */
  readonly artifacts: readonly Artifact[]
  readonly benign: number
  /** Of the whole host, earliest first. */
  readonly timeline: readonly TimelineEvent[]
  readonly scans: readonly Scan[]
  readonly engine: string
  readonly engineReason?: string
  readonly indicators: number
  readonly sets: number
  /** Indicators in force that made the sweep read every file. */
  readonly readsEverything: number
  readonly isFull: boolean
}

/** The whole report. */
export function huntReport(facts: HuntFacts): string {
  return [headline(facts), story(facts), timeline(facts), searched(facts), next(facts)].filter(Boolean).join('\n')
}

/** Verdict and totals, for stderr when data goes elsewhere. */
export function huntSummary(facts: HuntFacts): string {
  return [headline(facts), searched(facts)].join('\n')
}

const meanings: Readonly<Record<HostVerdictWord, string>> = {
  clean: 'no trace of the 3CX compromise was found',
  unknown: 'nothing was found, but not everything could be examined',
  exposed: 'an affected release, or something suspicious, is there',
  contacted: "the actor's infrastructure was contacted",
  compromised: 'parts of the attack are there',
}

function headline(facts: HuntFacts): string {
  const { verdict, artifacts } = facts.host
  const count = artifacts === 0 ? '' : ` (${countText(artifacts)} ${artifacts === 1 ? 'file' : 'files'})`
  return `verdict: ${verdict}  ${meanings[verdict]}${count}\n`
}

/** Everything found, in the order in which the attack does it. */
function story({ artifacts, host }: HuntFacts): string {
  const byStage = Map.groupBy(artifacts, stageOf)
  const chapters = storyOrder.flatMap((stage) => {
    const some = byStage.get(stage)
    if (!some) return []
    const meaning = meaningOf(stage)
    return [`${stage}${meaning === '' ? '' : `: ${meaning}`}\n${some.map(artifactText).join('\n')}`]
  })
  const reasons = host.story.map((line) => `  ${printable(line)}\n`).join('')
  return [reasons, ...chapters].filter(Boolean).join('\n')
}

function artifactText(artifact: Artifact): string {
  const lines = [
    `  ${artifact.verdict.padEnd(10)} ${printable(artifact.path)}`,
    `             ${printable(whyArtifact(artifact))}`,
    `             level ${artifact.level}, ${bytesText(artifact.size)}, modified ${timeText(artifact.mtime)}`,
  ]
  const { product } = artifact
  if (product?.version)
    lines.push(`             ${printable(product.product ?? 'product')} ${printable(product.version)}`)
  if (artifact.digests.sha256) lines.push(`             sha256 ${artifact.digests.sha256}`)
  lines.push(
    ...artifact.payloads.map(payloadText),
    ...artifact.notes.map((note) => `             note: ${printable(note)}`),
  )
  return `${lines.join('\n')}\n`
}

function payloadText({ kind, offset, length, urls, nextRun, authenticated, member }: Payload): string {
  const where = `${member === undefined ? '' : `${printable(member)}, `}${countText(length)} bytes at ${countText(offset)}`
  const tag = authenticated === undefined ? '' : authenticated ? ', tag verified' : ', tag not verified'
  const next = nextRun === undefined ? '' : `, next run ${timeText(nextRun)}`
  const addresses = urls.length === 0 ? '' : `: ${urls.map(printable).join(', ')}`
  return `             hides ${kind} (${where}${tag}${next})${addresses}`
}

/** When each stage began, and the last event. */
function timeline(facts: HuntFacts): string {
  const events = shortTimeline(facts.timeline)
  if (events.length === 0) return ''
  const width = Math.max(...events.map(({ stage }) => stage.length))
  const lines = events.map(
    ({ time, stage, event, summary, source, path }) =>
      `  ${timeText(Math.floor(time))}  ${stage.padEnd(width)}  ${event}: ${printable(summary)} (${source}, ${printable(path)})`,
  )
  const more = facts.timeline.length - events.length
  if (more > 0) lines.push(`  and ${countText(more)} more events, see threecx_timeline`)
  return `timeline, the first of each stage and the last:\n${lines.join('\n')}\n`
}

function searched(facts: HuntFacts): string {
  const lines = facts.scans.map((scan) => {
    const seconds = Math.max(scan.durationMs, 1) / 1000
    const rate = scan.bytes > 0 ? `, ${bytesText(scan.bytes / seconds)}/s` : ''
    const read = `${countText(scan.hashed)} read (${bytesText(scan.bytes)}), ${countText(scan.cached)} from the cache`
    const seen =
      scan.source === 'file'
        ? `files seen, ${read}, in ${seconds.toFixed(2)} s (${countText(Math.round(scan.files / seconds))} files/s${rate})`
        : `${seenWords[scan.source] ?? 'files'} seen, in ${seconds.toFixed(2)} s`
    const ending = `${scan.state === 'finished' ? '' : `, ${scan.state}`}${scan.truncated ? ', cut at a bound' : ''}`
    return [
      `searched: ${printable(scan.root)} (${scopeText(scan)}), ${countText(scan.files)} ${seen}${ending}`,
      ...problems(scan),
    ].join('\n')
  })
  const engine = facts.engineReason ? `${facts.engine} engine (${facts.engineReason})` : `${facts.engine} engine`
  lines.push(`with:     ${countText(facts.indicators)} indicators of ${facts.sets} sets, ${engine}`)
  if (facts.readsEverything > 0) {
    lines.push(`note:     ${facts.readsEverything} added digests name no file or size, so every file was read`)
  }
  if (facts.scans.some((scan) => scan.errors.some((error) => error.code === 'other_filesystem'))) {
    lines.push('note:     other file systems below the root were not entered; --mounts local enters them')
  }
  if (facts.benign > 0) lines.push(`note:     ${facts.benign} known clean files of 3CX were seen`)
  return `${lines.join('\n')}\n`
}

const seenWords: Readonly<Record<string, string>> = { processes: 'processes', connections: 'connections and names' }

function scopeText({ source, scan }: Scan): string {
  switch (source) {
    case 'installs':
      return 'installs and their left-overs'
    case 'processes':
      return 'what runs'
    case 'contacts':
      return 'stores and logs with contacts'
    case 'connections':
      return 'what is connected'
    case 'executions':
      return 'records of executions'
    case 'file':
      return scan === 'full' ? 'everything' : 'the places where 3CX lives'
    default:
      return source
  }
}

const shownProblems = 10

/** Counts by reason; in full only what leaves the answer incomplete. Links and skipped trees would drown it. */
function problems(scan: Scan): string[] {
  if (scan.skipped === 0) return []
  const counts = new Map<string, number>()
  for (const error of scan.errors) counts.set(error.code, (counts.get(error.code) ?? 0) + 1)
  const known = [...counts].map(([code, count]) => `${countText(count)} ${code}`).join(', ')
  const rest = scan.skipped > scan.errors.length ? ' among the first' : ''
  const lines = scan.errors
    .filter(isBlinding)
    .slice(0, shownProblems)
    .map((error) => `          ${error.code}: ${printable(error.path)}: ${printable(error.message)}`)
  const more = scan.unexamined - lines.length
  if (more > 0) lines.push(`          and ${countText(more)} more, see threecx_scans`)
  const blind = scan.unexamined === 0 ? '' : `; ${countText(scan.unexamined)} leave the answer incomplete`
  return [`skipped:  ${countText(scan.skipped)} (${known}${rest})${blind}`, ...lines]
}

function next(facts: HuntFacts): string {
  const steps = nextSteps(facts)
  return steps.length === 0 ? '' : `next:     ${steps.join('\n          ')}\n`
}

function nextSteps({ host, isFull }: HuntFacts): string[] {
  switch (host.verdict) {
    case 'clean':
      return isFull ? [] : ['threecx hunt --full sweeps everything below the root']
    case 'unknown':
      return [
        'run it again as root or administrator',
        'threecx query "SELECT root, errors FROM threecx_scans" lists what was not examined',
      ]
    case 'contacted':
    case 'compromised':
      return [
        'isolate the host and keep its disk and memory for an investigation',
        'treat browser-stored credentials and sessions of its users as stolen and rotate them',
        'remove the 3CX Desktop App; 3CX recommends the web client (PWA)',
        'look for later stages: threecx hunt --full, and connections to the C2 domains in your logs',
      ]
    case 'exposed':
      return [
        'remove the 3CX Desktop App or update it to 18.12.425 or later; 3CX recommends the web client (PWA)',
        'find out whether it ran while the attack was live (March 2023) and rotate browser-stored credentials if so',
        'threecx hunt --full looks for everything else',
      ]
  }
}

/** 1234567 as 1,234,567. Not by the locale's rules: to load them took a tenth of a short hunt. */
export function countText(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** Bytes in decimal units, three digits. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? Math.round(value) : value.toPrecision(3)} ${units[unit]}`
}

/** A time that no calendar has is shown as the number it is. */
function timeText(seconds: number): string {
  const time = new Date(seconds * 1000)
  return Number.isNaN(time.getTime()) ? `${seconds} (unix seconds)` : time.toISOString().replace('.000Z', 'Z')
}
