/**
 * Records of executions in an image: of the app in its compromised or clean release, and of other programs beside it.
 *
 * What a hunt must list is written down beside the file, as for contacts.
 */
import type { ExecutionProof } from '../../../extension/domain/execution.ts'
import type { Platform } from '../../../extension/domain/platform.ts'
import { prefetchFile } from '../prefetch-builder.ts'
import { loggedProgram } from './event-log-files.ts'
import { aliceProgram, aliceSid, lastRun } from './execution-keys.ts'
import { type ImageForm, ordinary, type PlannedFile } from './planned-file.ts'

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
  darwin: [],
  linux: [],
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

/** Of alice's app: in the variant her install is a clean one. */
const verdicts = { compromised: 'affected', variant: 'benign', clean: 'benign' } as const
