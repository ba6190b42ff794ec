/**
 * Event logs of Windows in an image: one log tells of contacts and of executions.
 */
import { contactEvents, executionEvents } from '../event-samples.ts'
import { evtxFile, type PlannedEvent } from '../evtx-builder.ts'
import { type ContactFiles, contactTime } from './planned-contact.ts'
import { ordinary, type PlannedFile } from './planned-file.ts'

/** Logs that are in every image of Windows. */
const folder = 'Windows/System32/winevt/Logs'
const sysmonLog = `${folder}/Microsoft-Windows-Sysmon%4Operational.evtx`
const dnsLog = `${folder}/Microsoft-Windows-DNS-Client%4Operational.evtx`

/** The program of the events, and what the log says of it. */
export const loggedProgram = {
  path: sysmonLog,
  program: 'C:\\Users\\alice\\AppData\\Local\\Programs\\3CXDesktopApp\\app\\3CXDesktopApp.exe',
  user: 'HOST\\alice',
  time: contactTime,
} as const

/** The log of Sysmon: in a clean image the app ran, in a clean release, and asked nobody of the campaign. */
export function eventLogFiles(
  isCompromised: boolean,
  version: string,
): ContactFiles & { readonly files: PlannedFile[] } {
  const process = executionEvents['sysmon-process'] as PlannedEvent
  const { Hashes: _, ...data } = process.data ?? {}
  const ran = { ...process, data: { ...data, FileVersion: `${version}.0` } }
  const query = contactEvents['sysmon-query'] as PlannedEvent
  const lookAlike = { ...query, data: { ...query.data, QueryName: 'notpbxsources.com.example' } }
  const dnsQuery = contactEvents['dns-client-query'] as PlannedEvent
  const dnsLookAlike = contactEvents['dns-client-look-alike'] as PlannedEvent
  const contact = { source: 'windows_event_log', count: 1, firstSeen: contactTime, lastSeen: contactTime }
  const contacts = [
    { ...contact, path: sysmonLog, indicator: 'pbxsources.com', user: 'HOST\\alice' },
    { ...contact, path: dnsLog, indicator: 'officeaddons.com', user: '' },
  ]
  return {
    files: [
      ordinary(sysmonLog, evtxFile([ran, lookAlike, ...(isCompromised ? [query] : [])], 2), 'log of Windows'),
      ordinary(dnsLog, evtxFile([dnsLookAlike, ...(isCompromised ? [dnsQuery] : [])]), 'log of Windows'),
    ],
    contacts: isCompromised ? contacts : [],
  }
}
