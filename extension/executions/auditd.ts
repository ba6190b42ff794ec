/**
 * Executions from Linux' audit log: programs that were executed, and programs whose calls or files were watched.
 *
 * Lines of one event come one after the other, of several events interleaved at most a little; only those that name a
 * sought program are seen, so an event may lack some of its lines.
 */
import type { FoundLine } from '../native/lines.ts'
import { foundText, unreadable } from '../sources/log-text/found-text.ts'
import { type AuditRecord, auditRecord } from './audit-record.ts'
import { hexadecimal } from './event-values.ts'
import { hexSpellings } from './hex-spellings.ts'
import type { ExecutionAccess, ExecutionReader, FoundExecution } from './reader.ts'

/** Events whose lines may still come. */
const maxOpen = 64
const maxCmdline = 8192
/** `execve` and `execveat` on x86-64, x86 and arm64. */
const execCalls = new Set(['59', '322', '11', '358', '221', '281'])
const unset = 4_294_967_295

/** The reader. */
export const auditd: ExecutionReader = {
  name: 'auditd',
  about: {
    reads:
      'Programs in the audit log of Linux: executed ones with arguments, those whose calls were watched, and files named.',
    blind:
      'Logged only where rules ask for it; arguments that the kernel cut. Of the lines of an event only those that name a ' +
      'program of the campaign are read, in letters or in hex.',
    platforms: ['linux'],
  },
  spell: hexSpellings,
  recognises: (_, head) => auditRecord(Buffer.from(head).toString('latin1').split('\n', 1)[0] ?? '') !== undefined,
  async *read(_file, access, _needles, signal) {
    const open = new Map<string, AuditRecord[]>()
    let cut: FoundLine | undefined
    for await (const { lines, problem } of access.lines({ headLines: 0 })) {
      signal.throwIfAborted()
      for (const line of lines) {
        const record = line.isFound ? auditRecord(foundText(line)) : undefined
        if (line.isCut) cut ??= line // its begin or its end is missing
        if (!record) continue
        const known = open.get(record.event)
        if (known) known.push(record)
        else open.set(record.event, [record])
        const [oldest] = open
        if (open.size <= maxOpen || !oldest) continue
        open.delete(oldest[0])
        yield* executionOf(oldest[1], access)
      }
      if (problem) yield { problem }
    }
    for (const records of open.values()) yield* executionOf(records, access)
    if (cut) yield unreadable(cut, 'auditd')
  },
}

function* executionOf(records: readonly AuditRecord[], access: ExecutionAccess): Generator<FoundExecution> {
  const [first] = records
  if (!first) return
  const of = (type: string) => records.find((one) => one.type === type)
  const call = of('SYSCALL')
  const executed = of('EXECVE')
  const named = call ?? of('USER_CMD') ?? of('ANOM_ABEND') ?? first
  const said = (name: string) => records.map(({ fields }) => fields.get(name)).find((one) => one !== undefined)
  const isFailed = call?.fields.get('success') === 'no'
  const isExec = executed !== undefined || execCalls.has(call?.fields.get('syscall') ?? '')
  const title = said('proctitle')
  const file = said('exe') ?? executed?.fields.get('a0') ?? said('name')
  const path = file ?? title?.split('\0', 1)[0] ?? ''
  if (path === '') return
  // a program that makes calls or has a title runs; a file that is only named, or that could not be executed, was there
  const isRunning = said('exe') !== undefined || file === undefined
  const hasRun = isRunning ? !(isFailed && isExec) : isExec && !isFailed
  const uid = idOf(named.fields.get('auid')) ?? idOf(named.fields.get('uid'))
  const name = named.names.get('AUID') === 'unset' ? named.names.get('UID') : named.names.get('AUID')
  const pid = hexadecimal(named.fields.get('pid'))
  const parent = hexadecimal(named.fields.get('ppid'))
  const argument0 = executed?.fields.get('a0')
  yield {
    platform: 'linux',
    proof: hasRun ? 'ran' : 'seen',
    record: first.event,
    path,
    ...(argument0 !== undefined && { argument0 }),
    cmdline: (executed ? argumentsOf(executed) : (title?.replaceAll('\0', ' ') ?? said('cmd') ?? '')).slice(
      0,
      maxCmdline,
    ),
    user: name ?? (uid === undefined ? '' : access.account(uid)),
    ...(uid !== undefined && { uid }),
    ...(pid !== undefined && { pid }),
    ...(parent !== undefined && { parent }),
    time: first.time,
    lastTime: first.time,
    ...(hasRun && { count: 1 }),
    fields: Object.fromEntries(
      Object.entries({
        types: [...new Set(records.map(({ type }) => type))].join(','),
        comm: said('comm') ?? '',
        cwd: said('cwd') ?? '',
        key: said('key') ?? '',
      }).filter(([, value]) => value !== '' && value !== '(null)'),
    ),
  }
}

function argumentsOf({ fields }: AuditRecord): string {
  const all: string[] = []
  for (let at = 0; fields.has(`a${at}`); at++) all.push(fields.get(`a${at}`) ?? '')
  return all.join(' ')
}

/** A uid; undefined for none, which is written as the largest number. */
function idOf(text: string | undefined): number | undefined {
  const id = hexadecimal(text)
  return id === undefined || id === unset ? undefined : id
}
