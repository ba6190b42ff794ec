/**
 * The journal of a Linux image: a query of a resolver, and the app under Wine that wrote to it.
 */
import { journalFile } from '../journal-builder.ts'
import { type ContactFiles, contactTime } from './planned-contact.ts'
import { ordinary } from './planned-file.ts'

/** The program that wrote, and when. */
export const journaledProgram = {
  path: 'var/log/journal/0123456789abcdef0123456789abcdef/system.journal',
  user: '',
  time: contactTime + 20,
  program: (release: string) => `/home/admin/.wine/drive_c/3CXDesktopApp/app-${release}/3CXDesktopApp.exe`,
} as const

/** The journal; in a clean image nobody asked for the campaign. */
export function journalFiles(isCompromised: boolean, release: string): ContactFiles {
  const { path, time, program } = journaledProgram
  const query = (name: string) => ({
    time: contactTime,
    fields: { SYSLOG_IDENTIFIER: 'systemd-resolved', _PID: '512', MESSAGE: `Looking up RR for ${name} IN A.` },
  })
  const wine = { _EXE: program(release), _CMDLINE: program(release), _PID: '77', _UID: '1000', MESSAGE: 'started' }
  const entries = [query('notpbxsources.com.example'), ...(isCompromised ? [query('pbxsources.com')] : [])]
  const bytes = journalFile([...entries, { time, fields: wine }], { isCompact: true, packing: 'zstd' })
  const contact = { source: 'journal', path, indicator: 'pbxsources.com', user: '', count: 1 }
  return {
    files: [ordinary(path, bytes, 'journal')],
    contacts: isCompromised ? [{ ...contact, firstSeen: contactTime, lastSeen: contactTime }] : [],
  }
}
