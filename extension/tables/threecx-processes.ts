/**
 * `threecx_processes`: running processes that have to do with the campaign, the app itself among them.
 */
import type { TiedProcess } from '../domain/process.ts'
import { bigint, defineTable, integer, text } from '../sdk/index.ts'
import { evidenceObject } from './evidence-object.ts'
import type { HuntServices } from './services.ts'

/** One row per process. */
export const threecxProcesses = defineTable({
  name: 'threecx_processes',
  description:
    'Running 3CX Desktop Apps (clean ones as benign), the macOS second stage and the shell that starts it, processes with ' +
    'a trojanised library mapped, and on Linux those with the decrypted loader in executable memory that belongs to no ' +
    'file (64 MiB of a process, 512 MiB in all). On Windows and macOS osquery tells the processes; no row for an image. A named ' +
    'event of the campaign on Windows speaks of the app; where the app is not seen it is a row of its own, with pid 0.',
  platforms: ['windows', 'darwin', 'linux'],
  columns: {
    pid: bigint('Process id', { index: true, optimized: true }),
    parent: bigint('Process id of the parent'),
    name: text('Name of the process'),
    path: text('Its executable; empty when it cannot be known'),
    cmdline: text('Arguments joined by spaces, the first 8 KiB'),
    uid: bigint('User id; NULL when unknown'),
    user: text('Name of that user'),
    start_time: bigint('Start, unix seconds; NULL when unknown'),
    image: text('The program file: path, or the Windows program that Wine runs'),
    version: text('Version inside that file; NULL when it has none'),
    affected: integer('1 for a compromised release, 0 for another release of the app, NULL when there is no version'),
    sha256: text('SHA-256 of that file, lower-case hex; empty when it could not be read'),
    component: text('Part of the attack that the gravest evidence speaks of'),
    stage: text('Stage of the attack of that evidence'),
    detection: text('Published detection name, such as Mem/Loader-AH; empty where there is none'),
    verdict: text('malicious, suspicious, affected, or benign for an app of another release', {
      index: true,
      optimized: true,
    }),
    level: text('Sigma level of the gravest evidence'),
    matched_by: text(
      'What spoke, gravest first: path, command_line, sha256, version, module, memory ...; comma between',
    ),
    indicators: text('JSON array of indicator ids'),
    evidence: text('JSON array of {type, value, verdict, level, component, stage, indicator, path, fields}'),
  },
  identity: ['pid', 'start_time'],
  examples: [
    "SELECT pid, path, version, verdict FROM threecx_processes WHERE verdict != 'benign'",
    "SELECT p.pid, p.path, json_extract(e.value, '$.fields') AS loader FROM threecx_processes p, json_each(p.evidence) e WHERE json_extract(e.value, '$.type') = 'memory'",
    "SELECT p.pid, p.user, p.path FROM threecx_processes p WHERE p.stage = 'macos_second_stage'",
  ],
  async *generate(context, services: HuntServices) {
    for (const process of await services.processes(context.signal)) {
      if (!context.mayMatch('pid', process.pid) || !context.mayMatch('verdict', process.verdict)) continue
      yield processRow(process)
    }
  },
})

/** The row of one process. */
export function processRow(process: TiedProcess) {
  const speaking = process.evidence.filter(({ verdict }) => verdict !== undefined)
  const first = speaking.find(({ verdict }) => verdict === process.verdict)
  return {
    pid: process.pid,
    parent: process.parent,
    name: process.name,
    path: process.path,
    cmdline: process.cmdline,
    uid: process.uid ?? null,
    user: process.user,
    start_time: process.startTime ?? null,
    image: process.image,
    version: process.version ?? null,
    affected: process.affected === undefined ? null : Number(process.affected),
    sha256: process.sha256 ?? '',
    component: first?.component ?? '',
    stage: first?.stage ?? '',
    detection: speaking.find(({ detection }) => detection)?.detection ?? '',
    verdict: process.verdict,
    level: process.level,
    matched_by: [...new Set(speaking.map(({ type }) => type))].join(','),
    indicators: JSON.stringify([...new Set(speaking.flatMap(({ indicator }) => indicator ?? []))]),
    evidence: JSON.stringify(process.evidence.map(evidenceObject)),
  }
}
