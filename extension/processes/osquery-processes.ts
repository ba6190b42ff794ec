/**
 * The running processes as osquery's table `processes` has them, where there is no /proc: Windows and macOS.
 *
 * One question for all processes; what they have mapped is asked for those alone that something speaks of, because
 * osquery takes a snapshot of each. Memory is not searched here: no table shows it. Windows is asked for the named events
 * of the campaign, too, of which nobody tells whose they are.
 */
import type { Finding } from '../domain/finding.ts'
import { foldAscii } from '../domain/glob.ts'
import type { OsqueryRow, OsqueryTables } from '../domain/osquery-tables.ts'
import {
  baseName,
  comparable,
  findingsAsEvidence,
  type RunningProcess,
  roleOf,
  type TiedProcess,
  weigh,
} from '../domain/process.ts'
import { nameFindings } from '../domain/program-names.ts'
import { ancestors } from './ancestors.ts'
import { assess, type SeenProcess } from './assess.ts'
import type { ProcessParts } from './parts.ts'
import type { Look, SeenProcesses } from './proc-processes.ts'

/** Processes whose modules are asked for. */
const maxAsked = 64

/** Every process that something speaks of. Rejects when osquery does not answer. */
export async function osqueryProcesses(
  osquery: OsqueryTables,
  parts: ProcessParts,
  look: Look,
  signal: AbortSignal,
): Promise<SeenProcesses> {
  const { bounds, reasons, files } = look
  const rows = await osquery.ask(
    'SELECT pid, parent, name, path, substr(cmdline, 1, ' +
      `${bounds.maxCmdlineBytes}) AS cmdline, uid, start_time FROM processes LIMIT ${bounds.maxProcesses + 1}`,
    signal,
  )
  if (rows.length > bounds.maxProcesses) reasons.add('bounds', 'processes beyond the bound were not looked at')
  const all = rows.slice(0, bounds.maxProcesses).map(processOf)
  const ownPid = parts.ownPid ?? process.pid
  const ours = ancestors(all, ownPid)
  const candidates = all
    .filter(({ pid }) => pid !== ownPid)
    .map((one) => ({
      process: one,
      role: roleOf(one),
      findings: nameFindings(parts.matcher, 'process', parts.platform, one),
    }))
    .filter(({ role, findings }) => role !== undefined || findings.length > 0)
    .filter(({ process: { pid }, role }) => role !== 'agent_named' || !ours.has(pid))
  const events = await namedEvents(osquery, parts, look, signal)
  const hasApp = candidates.some(({ role }) => role === 'app')
  const byName = Map.groupBy(events, ({ observable }) => observable.value)
  const orphans = hasApp ? [] : [...byName].flatMap(([name, findings]) => withoutProcess(name, findings))
  if (candidates.length === 0) return { processes: orphans, seen: all.length }
  const pids = candidates.slice(0, maxAsked).map(({ process: { pid } }) => pid)
  if (candidates.length > maxAsked) reasons.add('bounds', 'modules of processes beyond the bound were not looked at')
  const modules = await modulesOf(osquery, pids, look, signal)
  const users = await usersOf(
    osquery,
    candidates.map(({ process: { uid } }) => uid),
    look,
    signal,
  )
  const processes: TiedProcess[] = []
  for (const { process: one, role, findings } of candidates) {
    signal.throwIfAborted()
    const program = one.path === '' ? undefined : await files.look({ path: one.path }, signal)
    const mapped: SeenProcess['modules'][number][] = []
    for (const path of modules.get(one.pid) ?? []) {
      if (comparable(path) === comparable(one.path)) continue
      mapped.push({ path, isDeleted: false, seen: await files.look({ path }, signal) })
    }
    const user = users.get(one.uid ?? -1) ?? ''
    const found = assess({
      process: { ...one, user },
      role,
      // which process has an event open is not told; the library that makes it lives in the app
      findings: role === 'app' ? [...findings, ...events] : findings,
      image: one.path,
      program,
      isDeleted: false,
      modules: mapped,
      loaders: [],
    })
    if (found) processes.push(found)
  }
  return { processes: [...processes, ...orphans], seen: all.length }
}

/**
 * What indicators say of the named events that are there on Windows. An event is there for as long as some process has it
 * open; osquery sees those of the sessions that it may look into.
 */
async function namedEvents(
  osquery: OsqueryTables,
  { platform, indicators, matcher }: ProcessParts,
  look: Look,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const events = indicators.filter(({ type }) => type === 'named_event')
  const sought = new Map(events.map(({ value }) => [foldAscii(value), value]))
  if (platform !== 'windows' || sought.size === 0) return []
  const names = [...sought.keys()].filter((name) => /^[\w.-]{1,260}$/.test(name)).map((name) => `'${name}'`)
  const sql =
    'SELECT session_id, object_name, object_type FROM winbaseobj ' +
    `WHERE lower(object_name) IN (${names.join(', ')}) LIMIT ${maxAsked}`
  const rows = await osquery.ask(sql, signal).catch((cause: unknown) => {
    signal.throwIfAborted()
    look.reasons.add('unsupported', `osquery did not tell the named events of Windows: ${String(cause).slice(0, 200)}`)
    return []
  })
  const found = rows.slice(0, maxAsked).flatMap(({ object_name: name = '', object_type: type = '', session_id }) => {
    const value = sought.get(foldAscii(name))
    if (!/^event$/i.test(type) || value === undefined) return []
    const fields = { session: session_id ?? '' }
    const observables = [{ type: 'named_event' as const, value }]
    return matcher.match({ source: 'process', platform, raw: name.slice(0, 260), fields, observables })
  })
  return [...new Map(found.map((one) => [one.indicator.id, one])).values()]
}

/** A row for an event whose process is not among those that are seen. */
function withoutProcess(name: string, findings: readonly Finding[]): TiedProcess[] {
  const weighed = weigh(findingsAsEvidence(findings))
  if (!weighed) return []
  const unknown = { uid: undefined, startTime: undefined, version: undefined, affected: undefined, sha256: undefined }
  return [{ pid: 0, parent: 0, name, path: '', cmdline: '', user: '', image: '', ...unknown, ...weighed }]
}

/** osquery writes -1 where it does not know a number. */
function processOf(row: OsqueryRow): RunningProcess {
  return {
    pid: number(row['pid']) ?? 0,
    parent: number(row['parent']) ?? 0,
    name: row['name'] ?? '',
    path: row['path'] ?? '',
    cmdline: row['cmdline'] ?? '',
    uid: number(row['uid']),
    user: '',
    startTime: number(row['start_time']),
  }
}

function number(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

/** Paths of mapped files with a name that means something, each once per process. */
async function modulesOf(osquery: OsqueryTables, pids: readonly number[], look: Look, signal: AbortSignal) {
  const sql = `SELECT DISTINCT pid, path FROM process_memory_map WHERE pid IN (${pids.join(', ')})`
  const found = new Map<number, string[]>()
  for (const row of await askOrCount(osquery, sql, 'the modules of processes', look, signal)) {
    const path = row['path'] ?? ''
    const pid = number(row['pid'])
    if (pid === undefined || !look.moduleNames.has(baseName(comparable(path)))) continue
    found.set(pid, [...(found.get(pid) ?? []), path])
  }
  return found
}

async function usersOf(
  osquery: OsqueryTables,
  uids: readonly (number | undefined)[],
  look: Look,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, string>> {
  const known = [...new Set(uids.filter((uid) => uid !== undefined))]
  if (known.length === 0) return new Map()
  const sql = `SELECT uid, username FROM users WHERE uid IN (${known.join(', ')})`
  const rows = await askOrCount(osquery, sql, 'the names of users', look, signal)
  return new Map(rows.map((row) => [number(row['uid']) ?? -1, row['username'] ?? '']))
}

/** What only adds to an answer must not cost it. */
async function askOrCount(
  osquery: OsqueryTables,
  sql: string,
  what: string,
  { reasons }: Look,
  signal: AbortSignal,
): Promise<readonly OsqueryRow[]> {
  try {
    return await osquery.ask(sql, signal)
  } catch {
    signal.throwIfAborted()
    reasons.add('damaged', `osquery did not tell ${what}`)
    return []
  }
}
