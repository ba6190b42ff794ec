/**
 * An .msi for Windows, built with wixl and finished with msibuild, both of msitools.
 *
 * wixl makes the database, the cabinet and the standard actions. What it does not know is added as tables: rights of the
 * directory (nobody but SYSTEM and Administrators may write, nothing is inherited), the path, and the two actions that
 * run the program itself. All identifiers are digests of what they stand for, and the two times in the file are
 * replaced, so that the same input gives the same bytes.
 * https://learn.microsoft.com/windows/win32/msi/database-tables
 */
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { layoutOf } from '../../extension/deployment/layout.ts'
import packageFile from '../../package.json' with { type: 'json' }
import { type Job, sha256Of } from './job.ts'
import { packageName } from './linux-files.ts'
import { runTool } from './tool.ts'
import { numericVersion } from './version.ts'

const { fileName } = layoutOf('osquery', 'windows')

const templates = { x64: 'x64;1033', arm64: 'Arm64;1033' } as const

/** Families of packages: never to be changed, or upgrades become second installations. */
const upgradeCodes = {
  x64: identifier('upgrade code', 'x64'),
  arm64: identifier('upgrade code', 'arm64'),
} as const

/**
 * Rights as SDDL: owner Administrators; protected from inheritance; SYSTEM and Administrators everything, Users read and
 * execute. For the directory with the flags that pass them on to what is made in it later.
 */
export const rights = {
  directory: 'O:BAG:BAD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)',
  file: 'O:BAG:BAD:PAI(A;;FA;;;SY)(A;;FA;;;BA)(A;;0x1200a9;;;BU)',
} as const

/** A program from the File table, in the installer's script, as SYSTEM; what it returns is ignored. */
const actionType = 18 + 1024 + 2048 + 64

/** Actions of ours: name, what they run, when. An upgrade removes the old product without taking the line away. */
const actions = [
  ['Register', 'extension register --for all --restart always', 'NOT REMOVE~="ALL"', 4100],
  [
    'Unregister',
    'extension unregister --for all --restart changed',
    'REMOVE~="ALL" AND NOT UPGRADINGPRODUCTCODE',
    3450,
  ],
] as const

/** Standard actions that wixl leaves out, and the place of one that it puts behind the new files. */
const sequence = [
  ['RemoveEnvironmentStrings', 3300],
  ['WriteEnvironmentStrings', 5200],
] as const
const removeOldAt = 1401

/** Builds into a directory; returns the path. */
export function buildMsi(job: Job, directory: string, scratch: string): string {
  const sources = join(scratch, 'sources')
  mkdirSync(sources)
  copyFileSync(job.file, join(sources, fileName))
  writeFileSync(join(sources, 'threecx.cmd'), wrapper)
  for (const name of [fileName, 'threecx.cmd']) utimesSync(join(sources, name), job.epoch, job.epoch)
  const source = join(scratch, `${packageName}.wxs`)
  writeFileSync(source, wixSource(job))
  const partial = join(scratch, 'package.msi')
  runTool('wixl', ['--arch', 'x64', '--output', partial, source])
  for (const [name, text] of Object.entries(tables)) writeFileSync(join(scratch, `${name}.idt`), text)
  const imports = Object.keys(tables).flatMap((name) => ['-i', join(scratch, `${name}.idt`)])
  const queries = statements.flatMap((query) => ['-q', query])
  const code = identifier(
    'package',
    job.version,
    job.architecture,
    sha256Of(job.file),
    wixSource(job),
    statements.join(),
  )
  const summary = ['-s', packageName, maker(job), templates[job.architecture], `{${code}}`]
  runTool('msibuild', [partial, ...imports, ...queries, ...summary])
  const output = join(directory, `${packageName}-${job.version}-${job.architecture}.msi`)
  writeFileSync(output, withTimes(readFileSync(partial), job.epoch))
  return output
}

/** Runs the executable under the name of the command, from wherever it was installed. */
const wrapper = `@"%~dp0${fileName}" %*\r\n`

/** The part that wixl understands. https://wixtoolset.org/docs/v3/xsd/wix/ */
export function wixSource(job: Job): string {
  const version = numericVersion(job.version)
  return `<?xml version="1.0" encoding="utf-8"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
  <Product Id="${identifier('product', job.version, job.architecture)}" UpgradeCode="${upgradeCodes[job.architecture]}"
    Name="${packageName}" Version="${version}" Language="1033" Manufacturer="${xmlText(maker(job))}">
    <Package Description="${xmlText(packageFile.description)}" InstallerVersion="500" InstallScope="perMachine" Compressed="yes"/>
    <MajorUpgrade DowngradeErrorMessage="A newer version of ${packageName} is installed."/>
    <Media Id="1" Cabinet="files.cab" EmbedCab="yes"/>
    <Property Id="ARPNOMODIFY" Value="1"/>
    <Directory Id="TARGETDIR" Name="SourceDir">
      <Directory Id="ProgramFiles64Folder">
        <Directory Id="INSTALLDIR" Name="threecx-hunter">
          <Component Id="Program" Guid="${identifier('component', job.architecture)}" Win64="yes">
            <CreateFolder/>
            <File Id="Executable" Source="sources/${fileName}" Name="${fileName}" KeyPath="yes"/>
            <File Id="Wrapper" Source="sources/threecx.cmd" Name="threecx.cmd"/>
          </Component>
        </Directory>
      </Directory>
    </Directory>
    <Feature Id="Everything" Level="1"><ComponentRef Id="Program"/></Feature>
  </Product>
</Wix>
`
}

/** Tables in Windows Installer's own text form. https://learn.microsoft.com/windows/win32/msi/text-archive-files */
const tables = {
  MsiLockPermissionsEx: table(
    ['MsiLockPermissionsEx', 'LockObject', 'Table', 'SDDLText', 'Condition'],
    ['s72', 's72', 's32', 's0', 'S255'],
    ['MsiLockPermissionsEx'],
    [
      ['Directory', 'INSTALLDIR', 'CreateFolder', rights.directory, ''],
      ['Executable', 'Executable', 'File', rights.file, ''],
      ['Wrapper', 'Wrapper', 'File', rights.file, ''],
    ],
  ),
  // written for the machine, behind what is there, and taken away with the package
  Environment: table(
    ['Environment', 'Name', 'Value', 'Component_'],
    ['s72', 'l255', 'L255', 's72'],
    ['Environment'],
    [['Path', '=-*PATH', '[~];[INSTALLDIR]', 'Program']],
  ),
}

const statements = [
  `UPDATE \`InstallExecuteSequence\` SET \`Sequence\`=${removeOldAt} WHERE \`Action\`='RemoveExistingProducts'`,
  ...sequence.map(
    ([name, at]) => `INSERT INTO \`InstallExecuteSequence\` (\`Action\`, \`Sequence\`) VALUES ('${name}', ${at})`,
  ),
  ...actions.flatMap(([name, command, condition, at]) => [
    `INSERT INTO \`CustomAction\` (\`Action\`, \`Type\`, \`Source\`, \`Target\`) VALUES ('${name}', ${actionType}, 'Executable', '${command}')`,
    `INSERT INTO \`InstallExecuteSequence\` (\`Action\`, \`Condition\`, \`Sequence\`) VALUES ('${name}', '${condition}', ${at})`,
  ]),
]

function table(
  columns: readonly string[],
  types: readonly string[],
  [name = '', ...keys]: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const key = [name, ...(keys.length > 0 ? keys : [name])]
  return [columns, types, key, ...rows].map((row) => `${row.join('\t')}\r\n`).join('')
}

const ticksPerSecond = 10_000_000n

/** Seconds between the epochs of Windows and Unix. */
const epochShift = 11_644_473_600n

/**
 * The times of creation and last change, which msitools takes from the clock, replaced. They are the only values in the
 * file of the type VT_FILETIME (0x40) with a time of the last hour. https://learn.microsoft.com/openspecs/windows_protocols/ms-oleps
 */
function withTimes(bytes: Buffer, epoch: number): Buffer {
  const now = BigInt(Math.floor(Date.now() / 1000))
  const ticks = (seconds: bigint) => (seconds + epochShift) * ticksPerSecond
  const found: number[] = []
  for (let at = bytes.indexOf(propertyType); at >= 0; at = bytes.indexOf(propertyType, at + 1)) {
    if (at + 12 > bytes.length) break
    const time = bytes.readBigUInt64LE(at + 4)
    if (time > ticks(now - 3600n) && time < ticks(now + 60n)) found.push(at + 4)
  }
  if (found.length !== 2) throw new Error(`the .msi holds ${found.length} times of now; expected two, of its summary`)
  for (const at of found) bytes.writeBigUInt64LE(ticks(BigInt(epoch)), at)
  return bytes
}

const propertyType = Buffer.from([0x40, 0, 0, 0])

/** A UUID of version 5's form that is a digest of what it names. */
function identifier(...names: readonly string[]): string {
  const hash = createHash('sha256')
    .update([packageName, ...names].join('\0'))
    .digest()
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6)
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = hash.toString('hex').toUpperCase()
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')
}

/** The name without the address. */
function maker(job: Job): string {
  return job.maintainer.replace(/\s*<.*$/, '')
}

function xmlText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
