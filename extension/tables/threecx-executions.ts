/**
 * `threecx_executions`: records of the system that programs of the campaign ran here before, or were seen.
 */
import type { Execution } from '../domain/execution.ts'
import { bigint, defineTable, integer, text } from '../sdk/index.ts'
import { evidenceObject } from './evidence-object.ts'
import { seconds } from './seconds.ts'
import type { HuntServices } from './services.ts'
import { sinceOf } from './since.ts'

/** One row per source, file, program, command line, user and version. */
export const threecxExecutions = defineTable({
  name: 'threecx_executions',
  description:
    'Past runs of programs that have to do with the campaign, the app itself among them (clean releases as benign), from ' +
    'what a system keeps of them: Prefetch, Amcache and other registry records, event logs, audit logs, journals. Where a ' +
    'record names no version, that of the install it belongs to is taken. A source_path reads that file alone.',
  platforms: ['windows', 'darwin', 'linux'],
  columns: {
    time: bigint('First run that the record tells, unix seconds UTC; NULL when it tells none', { index: true }),
    last_time: bigint('Last run that it tells; NULL when it tells none', { index: true }),
    count: bigint('Runs; NULL where the source counts none'),
    source: text('Kind of record: prefetch, amcache, auditd ...', { index: true, optimized: true }),
    source_path: text('File it is in, on this machine', { index: true, optimized: true }),
    record: text('Key, entry or event in that file; empty where the file is the record'),
    proof: text('ran: the record is made by running; seen: the system noticed the file, which need not have run'),
    path: text('The program as the record writes it'),
    cmdline: text('Its arguments; empty where the source keeps none'),
    user: text('Who ran it, or in whose home it lies; empty when unknown'),
    uid: bigint('User id; NULL when unknown'),
    pid: bigint('Process id it had; NULL when unknown'),
    parent: bigint('Process id of its parent; NULL when unknown'),
    version: text('Version in the record, its path or the install it belongs to; NULL when there is none'),
    sha1: text('SHA-1 in the record, lower-case hex; empty when it has none'),
    sha256: text('SHA-256 in the record; empty when it has none'),
    affected: integer('1 for a compromised release, 0 for another release of the app, NULL when there is no version'),
    component: text('Part of the attack that the gravest evidence speaks of'),
    stage: text('Stage of the attack of that evidence'),
    verdict: text('malicious, suspicious, affected, or benign for an app of another release', {
      index: true,
      optimized: true,
    }),
    level: text('Sigma level of the gravest evidence'),
    matched_by: text('What spoke, gravest first: path, command_line, sha1, version, module ...; comma between'),
    indicators: text('JSON array of indicator ids'),
    evidence: text('JSON array of {type, value, verdict, level, component, stage, indicator, path, fields}'),
    fields: text('JSON object of what else the record says'),
    format: text('Name of a source: reads source_path as that, whatever it looks like', { hidden: true }),
  },
  identity: ['source', 'source_path', 'path', 'cmdline', 'user', 'version', 'sha1', 'sha256', 'proof'],
  examples: [
    "SELECT datetime(time, 'unixepoch') AS first, source, user, path, version FROM threecx_executions WHERE verdict != 'benign'",
    "SELECT path, time, last_time, count FROM threecx_executions WHERE source_path = '/evidence/3CXDESKTOPAPP.EXE-1B2C3D4E.pf'",
    "SELECT source, count(*) AS records FROM threecx_executions WHERE proof = 'ran' GROUP BY source",
  ],
  async *generate(context, services: HuntServices) {
    const paths = context.equals('source_path')
    const [format] = context.equals('format') ?? []
    const executions = paths
      ? await services.executionsIn(paths, format, context.signal)
      : await services.executions(context.signal, sinceOf(context, ['time', 'last_time']))
    for (const execution of executions) {
      const { source, verdict, time } = execution
      if (!context.mayMatch('source', source) || !context.mayMatch('verdict', verdict)) continue
      if (!context.mayMatch('time', seconds(time))) continue
      yield { ...executionRow(execution), format: format ?? source }
    }
  },
})

/** The row of one execution. */
export function executionRow(execution: Execution) {
  const speaking = execution.evidence.filter(({ verdict }) => verdict !== undefined)
  const first = speaking.find(({ verdict }) => verdict === execution.verdict)
  return {
    time: seconds(execution.time),
    last_time: seconds(execution.lastTime),
    count: execution.count ?? null,
    source: execution.source,
    source_path: execution.sourcePath,
    record: execution.record,
    proof: execution.proof,
    path: execution.path,
    cmdline: execution.cmdline,
    user: execution.user,
    uid: execution.uid ?? null,
    pid: execution.pid ?? null,
    parent: execution.parent ?? null,
    version: execution.version ?? null,
    sha1: execution.sha1 ?? '',
    sha256: execution.sha256 ?? '',
    affected: execution.affected === undefined ? null : Number(execution.affected),
    component: first?.component ?? '',
    stage: first?.stage ?? '',
    verdict: execution.verdict,
    level: execution.level,
    matched_by: [...new Set(speaking.map(({ type }) => type))].join(','),
    indicators: JSON.stringify([...new Set(speaking.flatMap(({ indicator }) => indicator ?? []))]),
    evidence: JSON.stringify(execution.evidence.map(evidenceObject)),
    fields: JSON.stringify(execution.fields ?? {}),
  }
}
