/**
 * Finds the installs of a host or image, and what is left of them: the places by one walk, the registry of an image by
 * its hives, and on a live host what osquery knows.
 *
 * Versions are compared with the version indicators in force. What could not be looked into is an error of the scan
 * record beside the answer; nothing found is an empty answer.
 */
import type { Evidence } from '../domain/evidence.ts'
import { verdictOf } from '../domain/finding.ts'
import type { Install, InstallEvidence } from '../domain/install.ts'
import type { Matcher } from '../domain/match.ts'
import { canonical } from '../domain/observable.ts'
import type { OsqueryTables } from '../domain/osquery-tables.ts'
import { isBlinding, lookScan, maxScanErrors, type Scan, type ScanError } from '../domain/scan.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Volume } from '../sweep/volume.ts'
import { fileTraces } from './file-traces.ts'
import { hiveTraces } from './hive-traces.ts'
import { isUnowned, type Joined, joinTraces, versionOf } from './join-traces.ts'
import { isHive, type Look, type LookParts, lookAt } from './look.ts'
import { osqueryTraces } from './osquery-traces.ts'
import { withStatedPlaces } from './stated-places.ts'
import { stated, type Trace } from './trace.ts'

/** What a search works with; a hunt's plan has it all. */
export interface InstallParts extends LookParts {
  readonly volumes: readonly Volume[]
  readonly matcher: Matcher
  readonly indicatorsVersion: string
  readonly clock: Clock
  /** Absent where no osquery runs. */
  readonly osquery?: OsqueryTables
}

/** What a search found, and how complete it was. */
export interface InstallSearch {
  /** Present ones first, then served, then removed; by platform and path. */
  readonly installs: readonly Install[]
  /** One for each volume, source `installs`. */
  readonly scans: readonly Scan[]
}

/** Files read side by side: each costs a few small reads. */
const readAtOnce = 16

/** Searches all volumes. Rejects with the signal's reason when aborted. */
export async function findInstalls(parts: InstallParts, signal: AbortSignal): Promise<InstallSearch> {
  const all: Trace[] = []
  const scans: Scan[] = []
  for (const volume of parts.volumes) {
    const startedMs = parts.clock.nowMs()
    const look = await lookAt(parts, volume, signal).catch((cause: unknown) => failed(volume, cause, signal))
    const { traces, errors } = await tracesOf(parts, volume, look, signal)
    all.push(...traces)
    scans.push(scanOf(parts, volume, look, errors, startedMs))
  }
  const live = parts.volumes.find(({ isImage }) => !isImage)
  if (parts.osquery && live?.platform) {
    const { traces, errors } = await osqueryTraces(parts.osquery, live.platform, signal)
    all.push(...traces)
    const [first] = scans
    if (first && errors.length > 0) scans[0] = withErrors(first, errors)
  }
  const traces = await withStatedPlaces(parts.engine, parts.volumes, all)
  signal.throwIfAborted()
  return {
    installs: joinTraces(traces)
      .map((joined) => installOf(joined, parts.matcher))
      .sort(inOrder),
    scans,
  }
}

function failed(volume: Volume, cause: unknown, signal: AbortSignal): Look {
  signal.throwIfAborted()
  if (cause instanceof TypeError) throw cause // a defect of ours is not a property of the host
  const message = cause instanceof Error ? cause.message : String(cause)
  return { files: [], errors: [{ path: volume.display, code: 'io', message }], seen: 0, truncated: false }
}

async function tracesOf({ engine }: InstallParts, volume: Volume, look: Look, signal: AbortSignal) {
  const traces: Trace[] = []
  const errors: ScanError[] = []
  for (let at = 0; at < look.files.length; at += readAtOnce) {
    const some = look.files.slice(at, at + readAtOnce)
    const reader = { engine, volume }
    const read = await Promise.all(
      some.map(async (file) =>
        isHive(file.place) ? hiveTraces(reader, file, signal) : { traces: await fileTraces(reader, file), errors: [] },
      ),
    )
    signal.throwIfAborted()
    for (const one of read) {
      traces.push(...one.traces)
      errors.push(...one.errors)
    }
  }
  return { traces, errors }
}

function scanOf(
  { clock, indicatorsVersion }: InstallParts,
  volume: Volume,
  look: Look,
  errors: readonly ScanError[],
  startedMs: number,
): Scan {
  const all = [...look.errors, ...errors]
  const { display: root } = volume
  const record = { source: 'installs', root, startedMs, nowMs: clock.nowMs(), seen: look.seen, indicatorsVersion }
  return { ...lookScan({ ...record, errors: all }), truncated: look.truncated }
}

function withErrors(scan: Scan, more: readonly ScanError[]): Scan {
  return {
    ...scan,
    errors: [...scan.errors, ...more].slice(0, maxScanErrors),
    skipped: scan.skipped + more.length,
    unexamined: scan.unexamined + more.filter(isBlinding).length,
  }
}

function installOf({ state, version, traces }: Joined, matcher: Matcher): Install {
  const [first] = traces as readonly [Trace, ...Trace[]]
  const owner = traces.find((trace) => !isUnowned(trace)) ?? first
  // What states no version may be of an earlier one: it does not say since when this version is there.
  const saying = traces.filter((trace) => versionOf(trace) === version)
  const firsts = saying.flatMap(({ firstSeen }) => firstSeen ?? [])
  const lasts = traces.flatMap(({ lastSeen }) => lastSeen ?? [])
  const said = version === undefined ? undefined : judgeVersion(matcher, first, version)
  return stated<Install>({
    platform: first.platform,
    path: first.path,
    imagePath: first.imagePath,
    home: traces.find(({ home }) => home !== undefined)?.home ?? '',
    version,
    affected: said?.affected,
    state,
    user: owner.user,
    scope: owner.scope,
    source: first.source,
    evidence: traces.map(evidenceOf),
    product: traces.find(({ product }) => product !== undefined)?.product,
    signer: traces.find(({ signer }) => signer !== undefined)?.signer,
    indicators: said?.indicators ?? [],
    firstSeen: firsts.length > 0 ? Math.min(...firsts) : undefined,
    lastSeen: lasts.length > 0 ? Math.max(...lasts) : undefined,
  })
}

/** By the indicators in force; a version in another form than three or four numbers is not known to them. */
function judgeVersion(matcher: Matcher, { platform, path }: Trace, version: string) {
  const value = canonical('version', version)
  if (!('value' in value)) return undefined
  const evidence: Evidence = {
    source: 'installs',
    path,
    platform,
    observables: [{ type: 'version', value: value.value }],
  }
  const found = matcher.match(evidence).flatMap(({ indicator }) => {
    const verdict = verdictOf(indicator)
    return verdict === undefined ? [] : [{ id: indicator.id, isBad: verdict !== 'benign' }]
  })
  return { affected: found.some(({ isBad }) => isBad), indicators: [...new Set(found.map(({ id }) => id))] }
}

function evidenceOf({ source, path, version, detail, firstSeen, lastSeen }: Trace): InstallEvidence {
  return stated<InstallEvidence>({ source, path, version, detail, firstSeen, lastSeen })
}

const states = ['present', 'served', 'removed']

function inOrder(a: Install, b: Install): number {
  const rank = (one: Install) => states.indexOf(one.state)
  const text = (one: Install) => JSON.stringify([one.platform, one.imagePath, one.version ?? ''])
  return rank(a) - rank(b) || (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0)
}
