/**
 * Security descriptors of files on Windows, as SDDL.
 *
 * Node cannot read them, so Windows' own PowerShell is asked: by its full path, without a command interpreter in
 * between, the path handed over in the environment and never as part of the script. Where that fails the rules say
 * "not checked". On other platforms there is nothing to ask.
 */
import { execFile } from 'node:child_process'
import { win32 } from 'node:path'

/** Answers of a busy machine take a second or two. */
const deadlineMs = 20_000

const script =
  '$ErrorActionPreference = "Stop"; (Get-Acl -LiteralPath $env:THREECX_DOCTOR_PATH).Sddl; ' +
  '[Security.Principal.WindowsIdentity]::GetCurrent().User.Value'

/** Descriptor of a file, and who asked. */
export interface AccessList {
  readonly sddl: string
  readonly sid: string
}

/** Reads one descriptor; undefined off Windows and where it cannot be read. */
export async function gatherAccessList(path: string): Promise<AccessList | undefined> {
  if (process.platform !== 'win32') return undefined
  const system = process.env['SystemRoot'] ?? 'C:\\Windows'
  const powershell = win32.join(system, 'System32', 'WindowsPowerShell', 'v1.0', 'powershell.exe')
  return await new Promise((resolve) => {
    execFile(
      powershell,
      ['-NoProfile', '-NonInteractive', '-Command', script],
      {
        env: { SystemRoot: system, THREECX_DOCTOR_PATH: path },
        timeout: deadlineMs,
        windowsHide: true,
        maxBuffer: 65_536,
      },
      (error, stdout) => {
        const [sddl, sid] = stdout.trim().split(/\r?\n/)
        resolve(error || !sddl || !sid ? undefined : { sddl, sid })
      },
    )
  })
}
