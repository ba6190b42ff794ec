/**
 * From traces to installs: which of them speak of one install, and whether it is still there.
 *
 * A program or bundle that is there makes a present install. Every other trace of its owner (the user, or everybody for
 * a machine-wide install) joins it unless it states another version: then that version was there before, or, for a
 * package that is newer, comes next. What joins nothing is what is left of an app that was removed.
 */

import { foldAscii } from '../domain/glob.ts'
import { type InstallEvidence, type InstallState, installSources } from '../domain/install.ts'
import { canonical } from '../domain/observable.ts'
import { stated, type Trace } from './trace.ts'

/** Traces of one install, most telling first. */
export interface Joined {
  readonly state: InstallState
  /** Canonical where it has three fields. */
  readonly version?: string
  readonly traces: readonly Trace[]
}

/** Evidence that is told of one install: a user's folder may hold thousands of files that say the same. */
const maxEvidence = 50

interface Group {
  state: InstallState
  version: string | undefined
  traces: Trace[]
}

/** Joins the traces of one system. */
export function joinTraces(traces: readonly Trace[]): Joined[] {
  const ordered = [...traces].sort(byTelling)
  const present = presentGroups(ordered.filter(({ proof }) => proof === 'there'))
  const removed = new Map<string, Group>()
  const served = ordered.filter(({ proof }) => proof === 'served').map((trace) => alone('served', trace))
  const unowned: Trace[] = []
  for (const trace of ordered) {
    if (trace.proof === 'there' || trace.proof === 'served') continue
    const candidates = present.filter((group) => isOwnedAlike(group, trace))
    const version = versionOf(trace)
    const home = candidates.find((group) => speaksOf(group, trace))
    const fits = [home, ...candidates].find((group) => group && (version === undefined || version === group.version))
    if (fits) fits.traces.push(trace)
    else if (isUnowned(trace)) unowned.push(trace)
    else addRemoved(removed, trace, isNext(home ?? candidates[0], trace) ? 'present' : 'removed')
  }
  const gone = withoutVersionless([...removed.values()])
  for (const trace of unowned) joinUnowned(trace, present, gone)
  return [...present, ...gone, ...served].map(({ state, version, traces: all }) =>
    stated<Joined>({ state, version, traces: distinct(all).slice(0, maxEvidence) }),
  )
}

/** Programs of one folder that state one version are one install: the stub beside the program. */
function presentGroups(traces: readonly Trace[]): Group[] {
  const groups = new Map<string, Group>()
  for (const trace of traces) {
    const key = JSON.stringify([trace.platform, foldAscii(trace.home ?? trace.imagePath), versionOf(trace)])
    const known = groups.get(key)
    if (known) known.traces.push(trace)
    else groups.set(key, alone('present', trace))
  }
  return [...groups.values()]
}

function addRemoved(removed: Map<string, Group>, trace: Trace, state: InstallState): void {
  const key = JSON.stringify([trace.platform, trace.scope, foldAscii(trace.user), versionOf(trace), state])
  const known = removed.get(key)
  if (known) known.traces.push(trace)
  else removed.set(key, alone(state, trace))
}

/** What states no version says nothing beside what does: it joins the first of the same owner. */
function withoutVersionless(groups: readonly Group[]): Group[] {
  return groups.filter((group) => {
    const [first] = group.traces
    const other = groups.find(
      (one) => one.version !== undefined && one.state === group.state && first && isSameOwner(one, first),
    )
    if (group.version !== undefined || !other) return true
    other.traces.push(...group.traces)
    return false
  })
}

/** What the system noted of a program without saying whose joins what is there, then what was. */
function joinUnowned(trace: Trace, present: readonly Group[], gone: Group[]): void {
  const version = versionOf(trace)
  const fits = [...present, ...gone].find(
    (group) => group.traces[0]?.platform === trace.platform && (version === undefined || version === group.version),
  )
  if (fits) fits.traces.push(trace)
  else gone.push(alone('removed', trace))
}

function alone(state: InstallState, trace: Trace): Group {
  return { state, version: versionOf(trace), traces: [trace] }
}

function isOwnedAlike(group: Group, trace: Trace): boolean {
  const [first] = group.traces
  if (first?.platform !== trace.platform) return false
  return isUnowned(trace) || first.scope === 'machine' || isSameOwner(group, trace)
}

function isSameOwner({ traces: [first] }: Group, trace: Trace): boolean {
  if (first?.platform !== trace.platform || first.scope !== trace.scope) return false
  return foldAscii(first.user) === foldAscii(trace.user)
}

/** The system's own records do not say whose program it was, unless its path does. */
export function isUnowned(trace: Trace): boolean {
  return (trace.source === 'prefetch' || trace.source === 'amcache') && trace.user === '' && trace.home === undefined
}

function speaksOf({ traces: [first] }: Group, trace: Trace): boolean {
  return trace.home !== undefined && foldAscii(first?.home ?? '') === foldAscii(trace.home)
}

function isNext(group: Group | undefined, trace: Trace): boolean {
  const [ours, theirs] = [versionOf(trace), group?.version]
  return trace.proof === 'package' && ours !== undefined && theirs !== undefined && compare(ours, theirs) > 0
}

function compare(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number))
  for (const at of [0, 1, 2]) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** The first three fields, which tell releases apart. */
export function versionOf({ version }: Pick<Trace, 'version'>): string | undefined {
  if (version === undefined) return undefined
  const found = canonical('version', version)
  return 'value' in found ? found.value : version
}

/** The program in `app` comes before the stub in the root, and everything else in the order of sources and paths. */
function byTelling(a: Trace, b: Trace): number {
  const rank = (trace: Trace) => installSources.indexOf(trace.source)
  const depth = (trace: Trace) => (trace.source === 'program' ? -trace.path.split(/[\\/]/).length : 0)
  return rank(a) - rank(b) || depth(a) - depth(b) || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)
}

function distinct(traces: readonly Trace[]): Trace[] {
  const key = ({ source, path, version, detail }: InstallEvidence) => JSON.stringify([source, path, version, detail])
  return [...new Map([...traces].sort(byTelling).map((trace) => [key(trace), trace])).values()]
}
