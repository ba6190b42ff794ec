/**
 * Packaging tools: run with what they need, and named when they are not there.
 */
import { spawnSync } from 'node:child_process'

/** Where each tool comes from. */
const origins: Readonly<Record<string, string>> = {
  'dpkg-deb': "Debian's package dpkg",
  rpmbuild: "Debian's package rpm, or rpm-build",
  wixl: "Debian's package wixl, or msitools",
  msibuild: "Debian's package msitools",
  pkgbuild: 'macOS; Apple has it nowhere else',
  productbuild: 'macOS; Apple has it nowhere else',
}

/** xz at its highest level over 130 MB on a busy machine stays below. */
const deadlineMs = 900_000

/** Whether a tool is on the path. */
export function hasTool(name: string): boolean {
  return spawnSync(name, ['--version'], { stdio: 'ignore', timeout: 20_000 }).error === undefined
}

/** Runs a tool to its end and returns what it said. Throws with its words when it fails. */
export function runTool(name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  const { status, stdout, stderr, error, signal } = spawnSync(name, args, {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C', ...env },
    timeout: deadlineMs,
    maxBuffer: 2 ** 24,
  })
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') {
    throw new Error(`there is no ${name} on this machine; it comes with ${origins[name] ?? 'the system'}`)
  }
  if (status === 0) return stdout
  throw new Error(`${name} failed (${status ?? signal}): ${(error?.message ?? stderr).trim() || stdout.trim()}`)
}
