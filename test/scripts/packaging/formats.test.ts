/** Packages of a small stand-in: the same bytes from the same input, and what is in them, asked with each format's tools. */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { foreignWriter, isAdministrative, ownerOf } from '../../../extension/deployment/windows-acl.ts'
import { buildPackage, type Format } from '../../../scripts/package.ts'
import { debDependencies } from '../../../scripts/packaging/deb.ts'
import { defaultMaintainer, type Job } from '../../../scripts/packaging/job.ts'
import { linuxFiles, program } from '../../../scripts/packaging/linux-files.ts'
import { debScripts, rpmScriptlets } from '../../../scripts/packaging/maintainer-scripts.ts'
import { rights } from '../../../scripts/packaging/msi.ts'
import { macPlan, macProgram } from '../../../scripts/packaging/pkg.ts'
import { specOf } from '../../../scripts/packaging/rpm.ts'
import { hasTool, runTool } from '../../../scripts/packaging/tool.ts'
import { elfProgram, machoProgram, peProgram } from '../../support/program-file.ts'

const repository = join(import.meta.dirname, '..', '..', '..')
const epoch = 1_700_000_000

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-formats-'))
})

afterEach(() => rmSync(directory, { recursive: true }))

/** Something to package: a program's first bytes and padding that does not compress to nothing. */
function job(bytes: Uint8Array, more: Partial<Job> = {}): Job {
  const file = join(directory, 'stand-in')
  const padding = Buffer.from(Array.from({ length: 50_000 }, (_, at) => (at * at) % 251))
  writeFileSync(file, Buffer.concat([bytes, padding]))
  return {
    file,
    version: '0.9.0-rc.1',
    architecture: 'x64',
    epoch,
    compression: 'gzip',
    level: 6,
    maintainer: defaultMaintainer,
    ...more,
  }
}

const programs = { deb: elfProgram('x64'), rpm: elfProgram('x64'), msi: peProgram('x64') } as const
const tools = {
  deb: ['dpkg-deb'],
  rpm: ['rpmbuild', 'rpm'],
  msi: ['wixl', 'msibuild', 'msiinfo', 'msiextract'],
} as const

/** Why a format cannot be tried here. */
function missing(format: keyof typeof tools): string | undefined {
  const absent = tools[format].filter((tool) => !hasTool(tool))
  return absent.length > 0 ? `${absent.join(', ')} not installed` : undefined
}

describe.each(['deb', 'rpm', 'msi'] as const)('a .%s', (format) => {
  it('has the same bytes whenever and wherever it is built', ({ skip }) => {
    const why = missing(format)
    if (why !== undefined) return skip(why)
    const wanted = job(programs[format])
    const first = readFileSync(buildPackage(format, wanted, 'notices\n', join(directory, 'here')))
    chmodSync(wanted.file, 0o600)
    utimesSync(wanted.file, 1, 1)
    const mask = process.umask(0o077)
    try {
      const second = readFileSync(buildPackage(format, wanted, 'notices\n', join(directory, 'a', 'longer place')))
      expect(second.equals(first)).toBe(true)
    } finally {
      process.umask(mask)
    }
    const other = readFileSync(buildPackage(format, { ...wanted, version: '0.9.0' }, 'notices\n', join(directory, 'x')))
    expect(other.equals(first)).toBe(false)
  })

  it('leaves nothing beside itself', ({ skip }) => {
    const why = missing(format)
    if (why !== undefined) return skip(why)
    buildPackage(format, job(programs[format]), 'notices\n', join(directory, 'out'))
    expect(readdirSync(join(directory, 'out'))).toEqual([
      {
        deb: 'threecx-hunter_0.9.0~rc.1_amd64.deb',
        rpm: 'threecx-hunter-0.9.0~rc.1-1.x86_64.rpm',
        msi: 'threecx-hunter-0.9.0-rc.1-x64.msi',
      }[format],
    ])
  })
})

describe('a package for arm64', () => {
  it.for([
    ['deb', elfProgram('arm64'), ['dpkg-deb', '--field', 'FILE', 'Architecture'], 'arm64\n'],
    [
      'rpm',
      elfProgram('arm64'),
      ['rpm', '--query', '--queryformat', '%{arch} %{os}', '--package', 'FILE'],
      'aarch64 linux',
    ],
    ['msi', peProgram('arm64'), ['msiinfo', 'suminfo', 'FILE'], 'Template: Arm64;1033'],
  ] as const)('%s says so, and is built on any machine', ([format, bytes, [tool, ...args], said], { skip }) => {
    const why = missing(format)
    if (why !== undefined) return skip(why)
    const file = buildPackage(format, job(bytes, { architecture: 'arm64' }), '', join(directory, 'out'))
    expect(
      runTool(
        tool,
        args.map((one) => (one === 'FILE' ? file : one)),
      ),
    ).toContain(said)
  })
})

describe('npm run package', () => {
  it.each([
    [[], '--format is missing; expected deb, rpm, msi, pkg'],
    [['--format', 'zip'], '--format is "zip"; expected deb'],
    [['--format', 'deb', '--arch', 'ppc'], '--arch is "ppc"; expected x64, arm64'],
    [['--format', 'deb', '--compression', 'zstd'], '--compression is "zstd"; expected gzip, xz'],
    [['--format', 'deb', '--level', '11'], '--level is "11"; expected 0 to 9'],
    [['--format', 'deb', '--maintainer', 'x\nDepends: y'], 'expected NAME <ADDRESS>'],
    [
      ['--format', 'deb', '--file', '/nowhere/x.ext'],
      'there is no /nowhere/x.ext.json, which npm run build:ext writes',
    ],
  ])('%j is explained in one line', (args, message) => {
    const ended = spawnSync(process.execPath, [join(repository, 'scripts', 'package.ts'), ...args], {
      encoding: 'utf8',
    })
    expect(ended).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining(message) })
    expect(ended.stderr.trim().split('\n')).toHaveLength(1)
  })
})

describe('what is in a .deb', () => {
  it('belongs to root, with the modes osquery wants, in a form that old dpkg reads', ({ skip }) => {
    const why = missing('deb')
    if (why !== undefined) return skip(why)
    const file = buildPackage('deb', job(programs.deb, { compression: 'xz', level: 1 }), 'notices\n', directory)
    const listing = runTool('dpkg-deb', ['--contents', file])
    expect(listing).toMatch(
      new RegExp(`^-rwxr-xr-x root/root +\\d+ 2023-11-14 .* \\.${program.replaceAll('.', '\\.')}$`, 'm'),
    )
    expect(listing).toMatch(/^drwxr-xr-x root\/root .* \.\/usr\/local\/lib\/threecx-hunter\/$/m)
    expect(listing).not.toMatch(/^.(?!rwxr-xr-x |rw-r--r-- |rwxrwxrwx root\/root +0 .* -> )/m)
    expect(runTool('dpkg-deb', ['--field', file, 'Version'])).toBe('0.9.0~rc.1\n')
    expect(readFileSync(file).toString('latin1')).toContain('data.tar.xz')
  })

  it('asks for the packages that hold the libraries of the pinned Node', ({ skip }) => {
    const libraries = spawnSync('ldd', [process.execPath], { encoding: 'utf8' })
    const search = spawnSync('dpkg-query', ['--search', ...pathsOf(libraries.stdout)], { encoding: 'utf8' })
    if (search.error !== undefined || libraries.status !== 0) return skip('this is no Debian')
    const owners = new Set(search.stdout.split('\n').flatMap((line) => /^([a-z0-9+.-]+)/.exec(line)?.[1] ?? []))
    const asked = debDependencies.flatMap((one) => one.split('|').map((name) => name.trim().split(' ')[0]))
    expect(owners.size).toBeGreaterThan(0)
    expect([...owners].filter((name) => !asked.includes(name))).toEqual([])
  })
})

describe('scripts of packages', () => {
  it.each(Object.entries(debScripts).filter(([name]) => name !== 'triggers'))(
    '%s is a script of any shell',
    (_, text) => {
      expect(spawnSync('sh', ['-n'], { input: text, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
    },
  )

  it('of rpm are, too', () => {
    for (const body of rpmScriptlets.split(/^%.*$/m)) {
      expect(spawnSync('sh', ['-n'], { input: body, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
    }
  })

  it('take the line away at a removal and never at an upgrade', () => {
    expect(debScripts['prerm']).toMatch(/if \[ "\$1" = remove \]; then\n[^}]*extension unregister/)
    expect(rpmScriptlets).toMatch(/%preun\nif \[ "\$1" = 0 \]; then\n {2}.*extension unregister/)
    expect(debScripts['postrm']).not.toContain('unregister')
  })
})

describe('a spec file', () => {
  it('lists every file with its mode and never strips', () => {
    const wanted = job(programs.rpm, { architecture: 'arm64' })
    const spec = specOf(wanted, linuxFiles(wanted.file, 'notices\n', repository))
    expect(spec).toContain(`%attr(0755,root,root) ${program}\n`)
    expect(spec).toContain('%dir %attr(0755,root,root) /usr/local/lib/threecx-hunter\n')
    expect(spec).toContain('%global __os_install_post %{nil}')
    expect(spec).not.toContain('%dir %attr(0755,root,root) /usr/local/lib\n')
  })
})

describe('what is in a .msi', () => {
  it('is the program, its wrapper, the rights of both, and the actions around them', ({ skip }) => {
    const why = missing('msi')
    if (why !== undefined) return skip(why)
    const wanted = job(programs.msi)
    const file = buildPackage('msi', wanted, '', directory)
    const rows = (table: string) => runTool('msiinfo', ['export', file, table]).split('\r\n').slice(3, -1)
    runTool('msiextract', ['--directory', join(directory, 'x'), file])
    const [place = ''] = readdirSync(join(directory, 'x'))
    const extracted = join(directory, 'x', place)
    expect([place, ...readdirSync(extracted).sort()]).toEqual([
      'threecx-hunter',
      'threecx.cmd',
      'threecx_hunter.ext.exe',
    ])
    expect(readFileSync(join(extracted, 'threecx_hunter.ext.exe')).equals(readFileSync(wanted.file))).toBe(true)
    expect(readFileSync(join(extracted, 'threecx.cmd'), 'utf8')).toBe('@"%~dp0threecx_hunter.ext.exe" %*\r\n')
    expect(rows('MsiLockPermissionsEx').sort()).toEqual([
      `Directory\tINSTALLDIR\tCreateFolder\t${rights.directory}\t`,
      `Executable\tExecutable\tFile\t${rights.file}\t`,
      `Wrapper\tWrapper\tFile\t${rights.file}\t`,
    ])
    expect(rows('CreateFolder')).toEqual(['INSTALLDIR\tProgram'])
    expect(rows('Environment')).toEqual(['Path\t=-*PATH\t[~];[INSTALLDIR]\tProgram'])
    // 3154: deferred, as SYSTEM, a program of the File table, its exit code ignored
    expect(rows('CustomAction').sort()).toEqual([
      'Register\t3154\tExecutable\textension register --for all --restart always\t',
      'Unregister\t3154\tExecutable\textension unregister --for all --restart changed\t',
    ])
    expect(rows('LaunchCondition')).toEqual([expect.stringContaining('NOT WIX_DOWNGRADE_DETECTED')])
    expect(rows('Property')).toContain('ProductVersion\t0.9.0')
  })

  it('runs in an order in which the program is there when it is called', ({ skip }) => {
    const why = missing('msi')
    if (why !== undefined) return skip(why)
    const file = buildPackage('msi', job(programs.msi), '', directory)
    const found = runTool('msiinfo', ['export', file, 'InstallExecuteSequence']).split('\r\n').slice(3, -1)
    const at = new Map(
      found
        .map((row) => row.split('\t'))
        .map(([name = '', condition, when]) => [name, { condition, when: Number(when) }]),
    )
    const order = [...at].sort(([, a], [, b]) => a.when - b.when).map(([name]) => name)
    const wanted = [
      ...['FindRelatedProducts', 'LaunchConditions', 'InstallValidate', 'RemoveExistingProducts', 'InstallInitialize'],
      ...['RemoveEnvironmentStrings', 'Unregister', 'RemoveFiles', 'CreateFolders', 'InstallFiles', 'Register'],
      ...['WriteEnvironmentStrings', 'InstallFinalize'],
    ]
    expect(order.filter((name) => wanted.includes(name))).toEqual(wanted)
    expect(at.get('Unregister')?.condition).toBe('REMOVE~="ALL" AND NOT UPGRADINGPRODUCTCODE')
    expect(at.get('Register')?.condition).toBe('NOT REMOVE~="ALL"')
  })

  it('keeps its upgrade code and has a product of its own per version', ({ skip }) => {
    const why = missing('msi')
    if (why !== undefined) return skip(why)
    const code = (version: string, name: string) => {
      const file = buildPackage('msi', job(programs.msi, { version }), '', join(directory, version))
      return new RegExp(`^${name}\t(.*)\r$`, 'm').exec(runTool('msiinfo', ['export', file, 'Property']))?.[1]
    }
    const codes = ['UpgradeCode', 'ProductCode'].map((name) => [code('1.0.0', name), code('1.0.1', name)])
    expect(codes.map(([before, after]) => before === after)).toEqual([true, false])
    expect(codes[0]?.[0]).toBe(codes[0]?.[1])
  })

  it.each(Object.entries(rights))('gives the %s rights that osquery accepts', (_, sddl) => {
    expect(foreignWriter(sddl)).toBeUndefined()
    expect(isAdministrative(ownerOf(sddl) ?? '')).toBe(true)
    expect(sddl).toContain('D:P')
  })
})

describe('a .pkg', () => {
  const places = { payload: 'P', scripts: 'S', distribution: 'D', components: 'C', output: 'O.pkg' }

  it('is planned to the last argument of the tools', () => {
    const wanted = job(machoProgram('arm64'), { architecture: 'arm64' })
    const plan = macPlan(wanted, 'notices\n', repository, places, 'Developer ID Installer: X (Y)')
    expect(plan.payload.map((entry) => entry.path)).toEqual([
      macProgram,
      '/opt/threecx-hunter/bin/threecx',
      '/private/etc/paths.d/threecx-hunter',
      '/opt/threecx-hunter/doc/LICENSE',
      '/opt/threecx-hunter/doc/third-party-notices',
    ])
    expect(plan.payload[0]).toEqual({ kind: 'copy', path: macProgram, from: wanted.file, mode: 0o755 })
    expect(plan.commands.map((command) => command.join(' '))).toEqual([
      'pkgbuild --root P --scripts S --install-location / --identifier io.threecx-hunter.pkg --version 0.9.0 --ownership recommended C/component.pkg',
      'productbuild --distribution D --package-path C --sign Developer ID Installer: X (Y) --timestamp O.pkg',
    ])
    expect(plan.distribution).toContain('hostArchitectures="arm64"')
    expect(macPlan(wanted, '', repository, places).commands[1]).not.toContain('--sign')
  })

  it('names the extension after the files are there, and only on the volume that runs', () => {
    const { postinstall = '' } = macPlan(job(machoProgram('x64')), '', repository, places).scripts
    expect(spawnSync('sh', ['-n'], { input: postinstall, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
    expect(spawnSync('sh', ['-s', 'p', 'q', '/Volumes/x'], { input: postinstall, encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    })
    expect(postinstall).toContain(`${macProgram} extension register --for all --restart always`)
  })

  it.skipIf(hasTool('pkgbuild'))('is refused where Apple’s tools are not, by the name of the tool', () => {
    mkdirSync(join(directory, 'out'))
    const build = (format: Format) => buildPackage(format, job(machoProgram('x64')), '', join(directory, 'out'))
    expect(() => build('pkg')).toThrow('there is no pkgbuild on this machine; it comes with macOS')
    expect(readdirSync(join(directory, 'out'))).toEqual([])
  })
})

/** Paths of the libraries in the answer of ldd, with and without /usr: dpkg knows one of them. */
function pathsOf(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const path = /=> (?:\/usr)?(\/\S+) \(0x/.exec(line)?.[1]
    return path === undefined ? [] : [path, `/usr${path}`]
  })
}
