/** The packages for Linux: really built of the real executable, really installed, exchanged and taken away. */
import { spawnSync } from 'node:child_process'
import { lstatSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { Spec, Validation } from '@cyclonedx/cyclonedx-library'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import packageFile from '../../package.json' with { type: 'json' }
import { buildPackage } from '../../scripts/package.ts'
import { contentsOf } from '../../scripts/packaging/contents.ts'
import { cratesOfAddon } from '../../scripts/packaging/crates.ts'
import { defaultMaintainer, type Job } from '../../scripts/packaging/job.ts'
import { packageName, program, writtenLater } from '../../scripts/packaging/linux-files.ts'
import { noticesOf } from '../../scripts/packaging/notices.ts'
import { stage } from '../../scripts/packaging/payload.ts'
import { hasTool, runTool } from '../../scripts/packaging/tool.ts'
import { describeExecutable } from '../../scripts/sbom.ts'
import { builtExecutable } from '../support/executable.ts'
import { makePackageRoot, type PackageRoot, type Said, whyNoPackageRoot } from '../support/package-root.ts'

const repository = join(import.meta.dirname, '..', '..')
const osquery = '/etc/osquery/extensions.load'
const orbit = '/opt/orbit/extensions.load'
const theirs = '# ours \u00ff\r\n/opt/a.ext\r\n\r\n; last'
const withOurs = `${theirs}\r\n${program}`

let executable: string
let scratch: string

beforeAll(async () => {
  executable = await builtExecutable()
  scratch = mkdtempSync(join(tmpdir(), 'threecx-packages-'))
}, 240_000)

afterAll(() => {
  if (scratch !== undefined) rmSync(scratch, { recursive: true })
})

/** A package of the executable in a version. Not compressed, which is what takes the time. */
function build(format: 'deb' | 'rpm', version: string): string {
  const job: Job = {
    file: executable,
    version,
    architecture: process.arch === 'arm64' ? 'arm64' : 'x64',
    epoch: 1_700_000_000,
    compression: 'gzip',
    level: 0,
    maintainer: defaultMaintainer,
  }
  return buildPackage(format, job, 'notices\n', scratch)
}

/** A package in the version of the sources, by the command that people type. */
function buildByCommand(format: 'deb' | 'rpm'): string {
  const script = join(repository, 'scripts', 'package.ts')
  const args = ['--format', format, '--file', executable, '--out', scratch, '--level', '0']
  const ended = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' })
  expect(ended).toMatchObject({ status: 0, stderr: '', stdout: expect.stringMatching(/: [\d.]+ MiB\n$/) })
  return join(scratch, basename(ended.stdout.replace(/: [\d.]+ MiB\n$/, '')))
}

/** What both package managers do, in their own words. */
interface Manager {
  install(root: PackageRoot, file: string): Said
  remove(root: PackageRoot): Said
  version(root: PackageRoot): string
  /** Installs a package that is called osquery and brings its directory. */
  installOsquery(root: PackageRoot): Said
  /** Names what differs from the package; nothing when all is well. */
  verify(root: PackageRoot): string
}

const managers: Readonly<Record<'deb' | 'rpm', Manager>> = {
  deb: {
    install: (root, file) => root.dpkg('--install', file),
    remove: (root) => root.dpkg('--remove', packageName),
    version: (root) => /^Version: (.*)$/m.exec(root.dpkg('--status', packageName).stdout)?.[1] ?? '',
    installOsquery: (root) => root.dpkg('--install', osqueryDeb()),
    verify: (root) => root.dpkg('--verify', packageName).stdout,
  },
  rpm: {
    // the libraries in the directory belong to no package
    install: (root, file) => root.rpm('--upgrade', '--nodeps', file),
    remove: (root) => root.rpm('--erase', packageName),
    version: (root) => root.rpm('--query', '--queryformat', '%{version}', packageName).stdout,
    installOsquery: (root) => root.rpm('--upgrade', '--nodeps', osqueryRpm()),
    verify: (root) => root.rpm('--verify', '--nodeps', packageName).stdout,
  },
}

const needs = { deb: { install: 'dpkg', build: 'dpkg-deb' }, rpm: { install: 'rpm', build: 'rpmbuild' } } as const

describe.each(['deb', 'rpm'] as const)('a .%s', { timeout: 180_000 }, (format) => {
  const manager = managers[format]
  const missing =
    whyNoPackageRoot(needs[format].install) ?? (hasTool(needs[format].build) ? undefined : `no ${needs[format].build}`)
  let first: string
  let second: string
  let root: PackageRoot

  beforeAll(() => {
    if (missing !== undefined) return
    first = buildByCommand(format)
    second = build(format, '99.0.0')
  }, 180_000)

  afterAll(() => {
    for (const file of [first, second]) if (file !== undefined) rmSync(file)
  })

  beforeEach((context) => {
    if (missing !== undefined) return context.skip(`not installed here: ${missing}`)
    root = makePackageRoot(executable)
  })

  afterEach(() => root?.close())

  it('comes, is exchanged for a newer one, and goes; what is not ours in the load files stays byte for byte', () => {
    root.write(osquery, theirs, 0o600)
    root.write(orbit, '/opt/a.ext\n/opt/tools/threecx_hunter_linux.ext\n/opt/b.ext\n')
    root.setRunning('osqueryd.service', true)

    expect(manager.install(root, first)).toMatchObject({ exit: 0, stdout: expect.stringContaining(`names ${program}`) })
    expect(root.text(osquery)).toBe(withOurs)
    // an older path of ours gives way
    expect(root.text(orbit)).toBe(`/opt/a.ext\n${program}\n/opt/b.ext\n`)
    expect(modeOf(root, osquery)).toBe('600 0:0')
    expect([modeOf(root, program), modeOf(root, '/usr/local/lib/threecx-hunter')]).toEqual(['755 0:0', '755 0:0'])
    expect(root.run('/usr/bin/threecx', '--version')).toEqual({
      exit: 0,
      stdout: `${packageFile.version}\n`,
      stderr: '',
    })
    expect(manager.verify(root)).toBe('')
    // orbit does not run, and the daemon is nobody's wish
    expect(root.told()).toEqual([
      'systemctl is-active --quiet osqueryd.service',
      'systemd-run --quiet --on-active=5 systemctl --no-block try-restart osqueryd.service',
      'systemctl is-active --quiet orbit.service',
      'systemctl daemon-reload',
      'systemctl try-restart threecx-daemon.service',
    ])
    expect(writtenLater.filter((path) => root.has(path))).toEqual([])

    for (const path of writtenLater) root.write(`${path}/written`, '')
    const before = identities(root)
    expect(manager.install(root, second).exit).toBe(0)
    expect(manager.version(root)).toBe('99.0.0')
    expect(identities(root)).toEqual(before)
    expect(root.told()).toContain('systemd-run --quiet --on-active=5 systemctl --no-block try-restart osqueryd.service')

    expect(manager.remove(root).exit).toBe(0)
    expect(root.text(osquery)).toBe(theirs)
    expect(root.text(orbit)).toBe('/opt/a.ext\n/opt/b.ext\n')
    expect([program, '/usr/bin/threecx', '/usr/local/lib/threecx-hunter'].filter((path) => root.has(path))).toEqual([])
    expect(root.told()).toContain('systemctl --quiet disable --now threecx-daemon.service')

    expect(writtenLater.map((path) => root.has(`${path}/written`))).toEqual([true, true])
    if (format === 'deb') expect(root.dpkg('--purge', packageName).exit).toBe(0)
    if (format === 'deb') expect(writtenLater.map((path) => root.has(path))).toEqual([false, false])
    expect(root.has('/usr/local/lib')).toBe(true)
  })

  it('is named as soon as osquery comes to a machine that had none', () => {
    rmSync(root.at('/run/systemd'), { recursive: true })
    const { exit, stdout } = manager.install(root, first)
    expect({ exit, isSaid: stdout.includes('neither osquery nor orbit') }).toEqual({ exit: 0, isSaid: true })
    expect([root.has('/etc/osquery'), root.has('/opt/orbit')]).toEqual([false, false])
    expect(manager.installOsquery(root).exit).toBe(0)
    expect(root.text(osquery)).toBe(`${program}\n`)
    expect(manager.remove(root).exit).toBe(0)
    expect(root.text(osquery)).toBe('')
    expect(root.told()).not.toContainEqual(expect.stringMatching(/^systemd-run|daemon-reload/))
  })

  it('is installed and removed with a load file that it must not touch, and says so; the other host gets its line', () => {
    root.write('/etc/osquery/precious', 'precious\n')
    symlinkSync('precious', root.at(osquery))
    mkdirSync(root.at('/opt/orbit'), { recursive: true })
    const installed = manager.install(root, first)
    expect(installed.exit).toBe(0)
    expect(installed.stderr).toMatch(/extensions\.load: it is a symbolic link.*not named in every load file/s)
    expect(root.text(orbit)).toBe(`${program}\n`)
    const removed = manager.remove(root)
    expect(removed.exit).toBe(0)
    expect(removed.stderr).toContain('remove that line')
    expect({ orbit: root.text(orbit), precious: root.text('/etc/osquery/precious') }).toEqual({
      orbit: '',
      precious: 'precious\n',
    })
    expect(root.has(program)).toBe(false)
  })
})

describe('the executable', () => {
  it('has a bill of materials that names all that is inside, by the rules of CycloneDX', async () => {
    const bill = describeExecutable(executable, { SOURCE_DATE_EPOCH: '1700000000' })
    expect(await new Validation.JsonStrictValidator(Spec.Version.v1dot5).validate(JSON.stringify(bill))).toBeNull()
    const { packages, node } = contentsOf(executable)
    const named = new Set(bill.components.map((one) => `${one.name}@${one.version}`))
    const inside = [...packages.map((one) => `${one.name}@${one.version}`), `node@${node.version}`]
    expect(packages.length).toBeGreaterThan(20)
    expect(inside.filter((one) => !named.has(one))).toEqual([])
  })

  it('comes with the licences of all that is inside', () => {
    const contents = contentsOf(executable)
    const notices = noticesOf(contents, cratesOfAddon(contents, repository), repository)
    const titles = [`Node.js ${contents.node.version}`, ...contents.packages.map((one) => `${one.name} ${one.version}`)]
    expect(titles.filter((title) => !notices.includes(`\n${title}`))).toEqual([])
    expect(notices).toContain('MIT License')
    expect(notices).toContain('Apache License')
  })
})

/** Mode and owner. */
function modeOf(root: PackageRoot, path: string): string {
  const { mode, uid, gid } = statSync(root.at(path))
  return `${(mode & 0o7777).toString(8)} ${uid}:${gid}`
}

/** That nobody wrote to the load files: an upgrade never takes the line away, not even for a moment. */
function identities(root: PackageRoot): string[] {
  return [osquery, orbit].map((path) => {
    const { ino, ctimeNs } = lstatSync(root.at(path), { bigint: true })
    return `${path} ${ino} ${ctimeNs}`
  })
}

function osqueryDeb(): string {
  const tree = join(scratch, 'osquery-deb')
  const output = join(scratch, 'osquery.deb')
  rmSync(tree, { recursive: true, force: true })
  const control = 'Package: osquery\nVersion: 5\nArchitecture: all\nMaintainer: x <x@x.invalid>\nDescription: x\n'
  stage(
    [
      { kind: 'directory', path: '/etc/osquery' },
      { kind: 'text', path: '/DEBIAN/control', text: control, mode: 0o644 },
    ],
    tree,
    1_700_000_000,
  )
  runTool('dpkg-deb', ['--root-owner-group', '--build', tree, output])
  return output
}

function osqueryRpm(): string {
  const spec = join(scratch, 'osquery.spec')
  const head = 'Name: osquery\nVersion: 5\nRelease: 1\nSummary: x\nLicense: x\nBuildArch: noarch\n%description\nx\n'
  writeFileSync(spec, `${head}%install\nmkdir -p %{buildroot}/etc/osquery\n%files\n%dir /etc/osquery\n`)
  runTool('rpmbuild', [
    '-bb',
    '--quiet',
    '--define',
    `_topdir ${scratch}`,
    '--define',
    '_rpmfilename osquery.rpm',
    spec,
  ])
  return join(scratch, 'RPMS', 'osquery.rpm')
}
