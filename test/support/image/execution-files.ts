/**
 * Records of executions in an image: of the app in its compromised or clean release, and of other programs beside it.
 *
 * What a hunt must list is written down beside the file, as for contacts.
 */
import type { ExecutionProof } from '../../../extension/domain/execution.ts'
import type { Platform } from '../../../extension/domain/platform.ts'
import { appBundle } from '../../../extension/domain/process.ts'
import { knowledgeDatabase, quarantineDatabase } from '../mac-databases.ts'
import { prefetchFile } from '../prefetch-builder.ts'
import { loggedProgram } from './event-log-files.ts'
import { aliceProgram, aliceSid, lastRun } from './execution-keys.ts'
import { journaledProgram } from './journal-files.ts'
import { type ImageForm, ordinary, type PlannedFile, releaseOf } from './planned-file.ts'
import { written } from './written.ts'

/** One execution that a hunt must list; times are unix seconds. */
export interface PlannedExecution {
  readonly source: string
  readonly path: string
  /** As the record writes it. */
  readonly program: string
  readonly proof: ExecutionProof
  readonly verdict: 'malicious' | 'suspicious' | 'affected' | 'benign'
  readonly user: string
  readonly time: number | null
  readonly lastTime: number | null
  readonly count: number | null
}

/** Files with the records in them. */
export interface ExecutionFiles {
  readonly files: readonly PlannedFile[]
  readonly executions: readonly PlannedExecution[]
}

/** First and last start of the app while the attack was live. */
const first = Date.UTC(2023, 2, 22, 14, 0) / 1000
const last = Date.UTC(2023, 2, 29, 9, 30) / 1000

/** The records of an image. */
export function executionFiles(platform: Platform, form: ImageForm): ExecutionFiles {
  const parts = planned[platform].map((make) => make(form))
  return { files: parts.flatMap((one) => one.files), executions: parts.flatMap((one) => one.executions) }
}

type Make = (form: ImageForm) => ExecutionFiles

const planned: Readonly<Record<Platform, readonly Make[]>> = {
  windows: [prefetch, sysmon, registry],
  darwin: [knowledge, downloaded, logged],
  linux: [audited, journaled],
}

/** Two files of Prefetch: of alice's app, and of a program that is always there. */
function prefetch(form: ImageForm): ExecutionFiles {
  const volume = '\\VOLUME{01d95c2f5a5e8b00-1c2d3e4f}'
  const program = `${volume}\\USERS\\ALICE\\APPDATA\\LOCAL\\PROGRAMS\\3CXDESKTOPAPP\\APP\\3CXDESKTOPAPP.EXE`
  const path = 'Windows/Prefetch/3CXDESKTOPAPP.EXE-0A1B2C3D.pf'
  const file = (name: string, files: readonly string[], count: number) =>
    prefetchFile({ program: name, runs: [last, first], count, files: [`${volume}\\WINDOWS\\NTDLL.DLL`, ...files] })
  return {
    files: [
      ordinary(path, file('3CXDESKTOPAPP.EXE', [program], 17), 'record of Windows'),
      ordinary(
        'Windows/Prefetch/NOTEPAD.EXE-D8414F97.pf',
        file('NOTEPAD.EXE', [`${volume}\\WINDOWS\\SYSTEM32\\NOTEPAD.EXE`], 3),
        'record of Windows',
      ),
    ],
    executions: [
      {
        source: 'prefetch',
        path,
        program,
        proof: 'ran',
        verdict: verdicts[form],
        user: 'ALICE',
        time: first,
        lastTime: last,
        count: 17,
      },
    ],
  }
}

/** The process in the log of Sysmon; the log is among the files with contacts. */
function sysmon(form: ImageForm): ExecutionFiles {
  const { path, program, user, time } = loggedProgram
  const planned = { source: 'windows_event_log', path, program, user, proof: 'ran', count: 1 } as const
  return { files: [], executions: [{ ...planned, verdict: verdicts[form], time, lastTime: time }] }
}

/** Records of the hives, which are among the files of the image. */
function registry(form: ImageForm): ExecutionFiles {
  const verdict = verdicts[form]
  const base = { verdict, program: `C:\\${aliceProgram}`, user: '', time: lastRun, lastTime: lastRun, count: null }
  const system = 'Windows/System32/config/SYSTEM'
  return {
    files: [],
    executions: [
      { ...base, source: 'userassist', path: 'Users/alice/NTUSER.DAT', proof: 'ran', user: 'alice', count: 12 },
      {
        ...base,
        source: 'bam',
        path: system,
        program: `\\Device\\HarddiskVolume3\\${aliceProgram}`,
        proof: 'ran',
        user: aliceSid,
      },
      { ...base, source: 'shimcache', path: system, proof: 'seen', time: null, lastTime: null },
      {
        ...base,
        source: 'amcache',
        path: 'Windows/AppCompat/Programs/Amcache.hve',
        program: `c:\\${aliceProgram.toLowerCase()}`,
        proof: 'seen',
      },
    ],
  }
}

/** What carol used: the app for all, of which macOS keeps the identifier alone, and other apps. */
function knowledge(form: ImageForm): ExecutionFiles {
  const path = 'Users/carol/Library/Application Support/Knowledge/knowledgeC.db'
  const uses = [
    { app: appBundle, begun: first, ended: first + 600 },
    { app: appBundle, begun: last, ended: last + 60 },
    { app: 'com.apple.Terminal', begun: first, ended: last },
  ]
  const said = {
    source: 'knowledgec',
    path,
    program: appBundle,
    proof: 'ran',
    user: 'carol',
    verdict: verdicts[form],
  } as const
  return {
    files: [
      ordinary(
        path,
        written((file) => knowledgeDatabase(file, uses)),
        'database of macOS',
      ),
    ],
    executions: [{ ...said, time: first, lastTime: last + 60, count: null }],
  }
}

/** What carol downloaded. */
function downloaded(form: ImageForm): ExecutionFiles {
  const path = 'Users/carol/Library/Preferences/com.apple.LaunchServices.QuarantineEventsV2'
  const program = `3CXDesktopApp-${form === 'compromised' ? '18.12.416' : '18.12.425'}.dmg`
  const files = [
    { url: `https://downloads.3cx.example/${program}`, time: first },
    { url: 'https://cdn.example/other.dmg', time: first },
  ]
  const said = { source: 'quarantine', path, program, proof: 'seen', user: 'carol', count: null } as const
  return {
    files: [
      ordinary(
        path,
        written((file) => quarantineDatabase(file, files)),
        'database of macOS',
      ),
    ],
    executions: [{ ...said, verdict: form === 'compromised' ? 'affected' : 'benign', time: first, lastTime: first }],
  }
}

/** What somebody kept of the unified log: the app wrote to it, and other programs. */
function logged(form: ImageForm): ExecutionFiles {
  const path = 'private/var/log/unified/kept.ndjson'
  const program = '/Applications/3CX Desktop App.app/Contents/MacOS/3CX Desktop App'
  const line = (time: number, processImagePath: string, eventMessage: string) =>
    JSON.stringify({
      timestamp: new Date(time * 1000).toISOString().replace('T', ' ').replace('Z', '000+0000'),
      machTimestamp: 1,
      processImagePath,
      processID: 77,
      userID: 501,
      eventMessage,
    })
  const lines = [line(first, program, 'started'), line(last, program, 'ended'), line(first, '/usr/sbin/cron', '3CX?')]
  const said = { source: 'unified_log', path, program, proof: 'ran', user: '', count: null } as const
  return {
    files: [ordinary(path, new TextEncoder().encode(`${lines.join('\n')}\n`), 'log')],
    executions: [{ ...said, verdict: verdicts[form], time: first, lastTime: last }],
  }
}

/** What the audit log of a server says of an administrator: the app under Wine, from a folder with its release. */
function audited(form: ImageForm): ExecutionFiles {
  const path = 'var/log/audit/audit.log'
  const release = releaseOf[form]
  const program = `/home/admin/.wine/drive_c/3CXDesktopApp/app-${release}/3CXDesktopApp.exe`
  const event = `audit(${first}.000:77)`
  const ids = 'ppid=1 pid=77 auid=1000 uid=1000'
  const lines = [
    `type=SYSCALL msg=${event}: arch=c000003e syscall=59 success=yes ${ids} comm="3CXDesktopApp.e" exe="${program}"`,
    `type=EXECVE msg=${event}: argc=1 a0="${program}"`,
    `type=SYSCALL msg=audit(${first}.000:78): arch=c000003e syscall=59 success=yes ${ids} comm="true" exe="/usr/bin/true"`,
  ]
  const said = { source: 'auditd', path, program, proof: 'ran', user: '', count: 1 } as const
  return {
    files: [ordinary(path, new TextEncoder().encode(`${lines.join('\n')}\n`), 'log')],
    executions: [{ ...said, verdict: form === 'compromised' ? 'affected' : 'benign', time: first, lastTime: first }],
  }
}

/** What the journal says, which is among the files with contacts. */
function journaled(form: ImageForm): ExecutionFiles {
  const { path, user, time, program } = journaledProgram
  const said = { source: 'journal', path, user, program: program(releaseOf[form]), proof: 'ran', count: null } as const
  return { files: [], executions: [{ ...said, verdict: verdicts[form], time, lastTime: time }] }
}

/** Of alice's app: in the variant her install is a clean one. */
const verdicts = { compromised: 'affected', variant: 'benign', clean: 'benign' } as const
