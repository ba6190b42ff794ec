/**
 * A directory that dpkg and rpm take for a machine: a shell, the libraries of the executable, a recorded systemctl.
 *
 * Package managers change their root to it, so maintainer scripts run for real and touch nothing of this machine. It
 * takes root, and nothing else: no mounts, no devices.
 */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { debDependencies } from '../../scripts/packaging/deb.ts'

/** How a program ended. */
export interface Said {
  readonly exit: number | null
  readonly stdout: string
  readonly stderr: string
}

/** One such directory. */
export interface PackageRoot {
  readonly path: string
  at(path: string): string
  has(path: string): boolean
  /** Bytes of a file as characters. */
  text(path: string): string
  write(path: string, content: string, mode?: number): void
  /** Lets a service of systemd run, or not. */
  setRunning(service: string, isRunning: boolean): void
  /** What systemd was told since the last time this was asked. */
  told(): string[]
  /** Runs something of the machine. */
  run(program: string, ...args: string[]): Said
  dpkg(...args: string[]): Said
  rpm(...args: string[]): Said
  close(): void
}

/** Why there can be none here, or undefined. */
export function whyNoPackageRoot(tool: string): string | undefined {
  if (process.platform !== 'linux') return 'packages of Linux are installed on Linux'
  if (process.getuid?.() !== 0) return 'changing the root directory needs root'
  if (said(tool, ['--version']).exit !== 0) return `there is no ${tool} on this machine`
  return undefined
}

/** Makes one that can run `executable`. */
export function makePackageRoot(executable: string): PackageRoot {
  const path = mkdtempSync(join(tmpdir(), 'threecx-machine-'))
  chmodSync(path, 0o755)
  const at = (name: string) => join(path, name)
  for (const name of ['usr/bin', 'usr/lib', 'usr/lib64', 'usr/local/lib', 'etc', 'dev', 'run', 'tmp', 'running']) {
    mkdirSync(at(name), { recursive: true, mode: 0o755 })
  }
  for (const name of ['bin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, at(name))
  mkdirSync(at('run/systemd/system'), { recursive: true })
  writeFileSync(at('dev/null'), '')
  for (const name of ['sh', 'rm', 'mkdir']) bring(found(name), `/usr/bin/${name}`, path)
  for (const library of librariesOf(executable)) bring(library, library, path)
  const root: PackageRoot = {
    path,
    at,
    has: (name) => lstatSync(at(name), { throwIfNoEntry: false }) !== undefined,
    text: (name) => readFileSync(at(name), 'latin1'),
    write(name, content, mode = 0o644) {
      mkdirSync(dirname(at(name)), { recursive: true, mode: 0o755 })
      writeFileSync(at(name), content, 'latin1')
      chmodSync(at(name), mode)
    },
    setRunning(service, isRunning) {
      if (isRunning) writeFileSync(at(`running/${service}`), '')
      else rmSync(at(`running/${service}`), { force: true })
    },
    told() {
      const lines = existsSync(at('told')) ? readFileSync(at('told'), 'utf8').split('\n').filter(Boolean) : []
      rmSync(at('told'), { force: true })
      return lines
    },
    run: (program, ...args) => said('chroot', [path, program, ...args]),
    dpkg: (...args) => said('dpkg', ['--root', path, '--log=/dev/null', '--force-unsafe-io', ...args]),
    rpm: (...args) => said('rpm', ['--root', path, '--dbpath', '/var/lib/rpm', ...args]),
    close: () => rmSync(path, { recursive: true }),
  }
  root.write('/usr/bin/systemctl', recorder('[ "$1" != is-active ] || [ -e "/running/$3" ]'), 0o755)
  root.write('/usr/bin/systemd-run', recorder(':'), 0o755)
  for (const name of ['info', 'updates', 'triggers']) mkdirSync(at(`var/lib/dpkg/${name}`), { recursive: true })
  root.write('/var/lib/dpkg/status', dependencies())
  return root
}

/** A script that writes down how it was called. */
function recorder(answer: string): string {
  return `#!/bin/sh\necho "\${0##*/} $*" >> /told\n${answer}\n`
}

function bring(from: string, to: string, path: string): void {
  mkdirSync(dirname(join(path, to)), { recursive: true })
  copyFileSync(realpathSync(from), join(path, to))
  for (const library of librariesOf(from)) {
    if (!existsSync(join(path, library))) bring(library, library, path)
  }
}

function librariesOf(file: string): string[] {
  const lines = said('ldd', [file]).stdout.split('\n')
  return lines.flatMap((line) => /(?:=> |^\s+)(\/\S+) \(0x/.exec(line)?.[1] ?? [])
}

function found(program: string): string {
  const place = ['/usr/bin', '/bin'].map((directory) => join(directory, program)).find((path) => existsSync(path))
  if (place === undefined) throw new Error(`there is no ${program} in /usr/bin and /bin`)
  return place
}

/** This machine's records of the libraries that were brought along. */
function dependencies(): string {
  const names = debDependencies.flatMap((one) => one.split('|')).map((one) => one.trim().split(' ')[0] ?? '')
  const records = said('dpkg-query', ['--status', ...names]).stdout.split('\n\n')
  return records
    .filter((one) => /^Status: install ok installed$/m.test(one))
    .join('\n\n')
    .concat('\n')
}

function said(program: string, args: readonly string[]): Said {
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', DPKG_COLORS: 'never', HOME: '/root' }
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env, timeout: 120_000 })
  return { exit: status, stdout: stdout ?? '', stderr: stderr ?? '' }
}
