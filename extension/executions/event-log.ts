/**
 * Executions from Windows event logs: processes that were created, modules that were loaded, files that were written or
 * found by a scanner, services and tasks.
 *
 * Only events that name a sought program are read. Names of the values are those of Microsoft's pages on Sysmon, on the
 * audit events of the security log and on Defender's events, and of the providers' manifests.
 */
import type { EventRecord } from '../native/events.ts'
import { isEventLog } from '../sources/events/event-log.ts'
import { anyTime } from '../sources/log-text/calendar.ts'
import {
  elementIn,
  expanded,
  hexadecimal,
  logUser,
  programIn,
  propertyIn,
  shortVersion,
  sysmonDigests,
} from './event-values.ts'
import type { ExecutionReader, FoundExecution } from './reader.ts'

/** What an event says, before what all have in common. */
type Said = Omit<FoundExecution, 'platform' | 'record' | 'cmdline' | 'user'> & { cmdline?: string; user?: string }

interface ExecutionEvents {
  readonly provider: string
  readonly ids: readonly number[]
  say(event: EventRecord): Said | undefined
}

const sysmon: ExecutionEvents = {
  provider: 'Microsoft-Windows-Sysmon',
  ids: [1, 7, 11, 23, 26, 29],
  say: ({ data, eventId }) => {
    const { Image = '', User: user = '', ImageLoaded, TargetFilename, UtcTime = '' } = data
    const when = times(anyTime(`${UtcTime.replace(' ', 'T')}Z`, 0))
    const digests = sysmonDigests(data['Hashes'] ?? '')
    const pid = numbered('pid', data['ProcessId'])
    if (eventId === 1) {
      const version = shortVersion(data['FileVersion'])
      const fields = { parent_image: data['ParentImage'] ?? '', parent_cmdline: data['ParentCommandLine'] ?? '' }
      const parent = numbered('parent', data['ParentProcessId'])
      return {
        proof: 'ran',
        path: Image,
        cmdline: data['CommandLine'] ?? '',
        user,
        ...pid,
        ...parent,
        ...when,
        ...digests,
        ...(version !== undefined && { version }),
        fields,
      }
    }
    if (eventId === 7) {
      return { proof: 'ran', path: ImageLoaded ?? '', user, ...pid, ...when, ...digests, fields: { loaded_by: Image } }
    }
    return {
      proof: 'seen',
      path: TargetFilename ?? '',
      user,
      ...pid,
      ...when,
      ...digests,
      fields: { written_by: Image },
    }
  },
}

const security: ExecutionEvents = {
  provider: 'Microsoft-Windows-Security-Auditing',
  ids: [4688, 4698, 4702],
  say: ({ data, eventId }) => {
    const user = logUser(data['SubjectDomainName'], data['SubjectUserName'])
    if (eventId !== 4688)
      return { ...taskIn(data['TaskContent'] ?? data['TaskContentNew'] ?? ''), user, fields: taskName(data) }
    return {
      proof: 'ran',
      path: data['NewProcessName'] ?? '',
      cmdline: data['CommandLine'] ?? '',
      user,
      ...numbered('pid', data['NewProcessId']),
      ...numbered('parent', data['ProcessId']),
      fields: { parent_image: data['ParentProcessName'] ?? '' },
    }
  },
}

/** What a task is made to start, by its description in XML. */
function taskIn(xml: string): Pick<Said, 'proof' | 'path' | 'cmdline'> {
  const command = elementIn(xml, 'Command') ?? ''
  const values = elementIn(xml, 'Arguments')
  const cmdline = values === undefined ? command : `${command} ${values}`
  return { proof: 'seen', path: expanded(command.replaceAll('"', '')), cmdline }
}

function taskName(data: EventRecord['data']) {
  return { task: data['TaskName'] ?? '' }
}

const defender: ExecutionEvents = {
  provider: 'Microsoft-Windows-Windows Defender',
  ids: [1006, 1007, 1015, 1116, 1117],
  say: ({ data }) => {
    // `containerfile:_C:\a.zip; file:_C:\a.zip->b.exe`
    const [first = ''] = (data['Path'] ?? '').split('; ').filter((one) => !one.startsWith('containerfile:'))
    return {
      proof: 'seen',
      path: first.replace(/^[a-z]{2,20}:_/i, ''),
      user: data['Detection User'] ?? data['User'] ?? '',
      fields: { threat: data['Threat Name'] ?? '', process: data['Process Name'] ?? '' },
    }
  },
}

const services: ExecutionEvents = {
  provider: 'Service Control Manager',
  ids: [7045],
  say: ({ data }) => ({
    proof: 'seen',
    path: expanded(programIn(data['ImagePath'] ?? '')),
    cmdline: data['ImagePath'] ?? '',
    user: data['AccountName'] ?? '',
    fields: { service: data['ServiceName'] ?? '' },
  }),
}

const tasks: ExecutionEvents = {
  provider: 'Microsoft-Windows-TaskScheduler',
  ids: [129, 200],
  say: ({ data }) => ({
    proof: 'ran',
    path: expanded((data['Path'] ?? data['ActionName'] ?? '').replaceAll('"', '')),
    ...numbered('pid', data['ProcessID']),
    fields: taskName(data),
  }),
}

/** Providers are libraries that a host process loads; a subscription may start a program when something happens. */
const wmi: ExecutionEvents = {
  provider: 'Microsoft-Windows-WMI-Activity',
  ids: [5857, 5861],
  say: ({ data, eventId }) => {
    if (eventId === 5857) {
      const fields = { loaded_by: data['HostProcess'] ?? '', wmi_provider: data['ProviderName'] ?? '' }
      const path = expanded(data['ProviderPath'] ?? '')
      return { proof: 'ran', path, ...numbered('pid', data['ProcessID']), fields }
    }
    const binding = data['PossibleCause'] ?? ''
    const cmdline = propertyIn(binding, 'CommandLineTemplate') ?? ''
    const path = expanded(propertyIn(binding, 'ExecutablePath') ?? programIn(cmdline))
    return { proof: 'seen', path, cmdline, fields: { consumer: data['CONSUMER'] ?? '', filter: data['ESS'] ?? '' } }
  },
}

const crashes: ExecutionEvents = {
  provider: 'Application Error',
  ids: [1000],
  say: ({ data }) => {
    // newer systems name the values that older ones only number
    const value = (name: string, at: number) => data[name] ?? data[String(at)] ?? ''
    const version = shortVersion(value('AppVersion', 1))
    const module = value('ModulePath', 11)
    return {
      proof: 'ran',
      path: value('AppPath', 10) || value('AppName', 0),
      ...numbered('pid', value('ProcessId', 8).replace(/^(?!0x)/i, '0x')),
      ...(version !== undefined && { version }),
      loaded: module === '' ? [] : [module],
      fields: { crashed_in: value('ModuleName', 3) },
    }
  },
}

const appLocker: ExecutionEvents = {
  provider: 'Microsoft-Windows-AppLocker',
  ids: [8002, 8003, 8004, 8005, 8006, 8007],
  say: ({ data, eventId }) => ({
    proof: eventId === 8004 || eventId === 8007 ? 'seen' : 'ran',
    path: expanded(data['FullFilePath'] || data['FilePath'] || ''),
    ...numbered('pid', data['TargetProcessId']),
    fields: { publisher: data['Fqbn'] ?? '' },
  }),
}

const all: readonly ExecutionEvents[] = [sysmon, security, defender, services, tasks, wmi, crashes, appLocker]
const byProvider = new Map(all.map((one) => [one.provider.toLowerCase(), one]))

/** The reader. */
export const eventLog: ExecutionReader = {
  name: 'windows_event_log',
  about: {
    reads:
      'Event logs of Windows (EVTX), also those in use: processes, loaded modules and written files of Sysmon (1, 7, 11, 23, ' +
      '26, 29), processes and tasks of the security log (4688, 4698, 4702), findings of Defender (1006, 1007, 1015, 1116, ' +
      '1117), new services (System 7045), started tasks (129, 200), providers and subscriptions of WMI (5857, 5861), crashes ' +
      '(Application 1000) and AppLocker (8002 to 8007).',
    blind:
      'Processes are logged only where auditing or Sysmon was turned on, command lines where that was, too. Events of tasks ' +
      'and of WMI that name no program (106, 140, 5858 to 5860), and scripts inside of a subscription. Older events are overwritten. On Windows itself, and without a Rust toolchain, the files are not read.',
    platforms: ['windows'],
  },
  recognises: isEventLog,
  async *read(_file, access, _needles, signal) {
    const events = all.map(({ provider, ids }) => ({ provider, ids }))
    for await (const batch of access.events({ events, isSought: true })) {
      signal.throwIfAborted()
      for (const event of batch.events) {
        const said = byProvider.get(event.provider.toLowerCase())?.say(event)
        if (said && said.path !== '') yield executionOf(event, said, access.account(event.userSid))
      }
      if (batch.problem) yield { problem: batch.problem }
    }
  },
}

function executionOf(event: EventRecord, said: Said, account: string): FoundExecution {
  const { fields = {}, user = '', cmdline = '', time = event.time, lastTime = time, ...rest } = said
  const shown = Object.entries(fields).filter(([, value]) => value !== '')
  return {
    ...rest,
    platform: 'windows',
    record: `EventRecordID:${event.recordId}`,
    cmdline,
    user: user || account,
    time,
    lastTime,
    count: 1,
    fields: {
      ...Object.fromEntries(shown),
      provider: event.provider,
      event_id: event.eventId,
      computer: event.computer,
      offset: event.offset,
    },
  }
}

function times(time: number | undefined) {
  return time === undefined ? {} : { time, lastTime: time }
}

function numbered<K extends 'pid' | 'parent'>(key: K, text: string | undefined): { [key in K]?: number } {
  const value = hexadecimal(text)
  return value === undefined ? {} : ({ [key]: value } as { [key in K]?: number })
}
