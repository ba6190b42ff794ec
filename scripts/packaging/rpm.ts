/**
 * An .rpm, built with rpmbuild from a spec file that is made here.
 *
 * rpm reads the libraries it requires from the executable itself, for either processor. What its build would otherwise do
 * to binaries is switched off: a stripped single executable does not start.
 */
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import packageFile from '../../package.json' with { type: 'json' }
import type { Job } from './job.ts'
import { packageName } from './linux-files.ts'
import { rpmScriptlets } from './maintainer-scripts.ts'
import { type Entry, stage } from './payload.ts'
import { runTool } from './tool.ts'
import { tildeVersion } from './version.ts'

const architectureNames = { x64: 'x86_64', arm64: 'aarch64' } as const

/** Builds into a directory; returns the path. */
export function buildRpm(job: Job, files: readonly Entry[], directory: string, scratch: string): string {
  // rpmbuild hands its paths to a shell without quotes, so it gets one without blanks
  const way = mkdtempSync(join(tmpdir(), 'threecx-rpm-'))
  try {
    symlinkSync(scratch, join(way, 'scratch'))
    return build(job, files, directory, join(way, 'scratch'))
  } finally {
    rmSync(way, { recursive: true })
  }
}

function build(job: Job, files: readonly Entry[], directory: string, scratch: string): string {
  const staged = join(scratch, 'staged')
  stage(files, staged, job.epoch)
  const spec = join(scratch, `${packageName}.spec`)
  writeFileSync(spec, specOf(job, files))
  const architecture = architectureNames[job.architecture]
  const built = join(scratch, 'rpms')
  for (const name of ['rpms', 'build']) mkdirSync(join(scratch, name))
  const places = { _topdir: scratch, _builddir: join(scratch, 'build'), _rpmdir: built, _tmppath: scratch, staged }
  const define = Object.entries(places).flatMap(([name, value]) => ['--define', `${name} ${value}`])
  const args = ['-bb', '--quiet', '--target', `${architecture}-linux`, '--buildroot', join(scratch, 'buildroot')]
  runTool('rpmbuild', [...args, ...define, spec], { SOURCE_DATE_EPOCH: String(job.epoch), HOME: scratch })
  const [name = ''] = readdirSync(join(built, architecture))
  const output = join(directory, name)
  renameSync(join(built, architecture, name), output)
  return output
}

/** The spec file. https://rpm-software-management.github.io/rpm/manual/spec.html */
export function specOf(job: Job, files: readonly Entry[]): string {
  const packing = job.compression === 'xz' ? `w${job.level}.xzdio` : `w${job.level}.gzdio`
  return `%global debug_package %{nil}
%global __os_install_post %{nil}
%global _build_id_links none
%global _buildhost reproducible
%global use_source_date_epoch_as_buildtime 1
%global clamp_mtime_to_source_date_epoch 1
%global _source_filedigest_algorithm 8
%global _binary_filedigest_algorithm 8
%global _binary_payload ${packing}

Name: ${packageName}
Version: ${tildeVersion(job.version)}
Release: 1
Summary: ${packageFile.description.replace(/\.$/, '')}
License: ${packageFile.license}
Group: System Environment/Daemons
Packager: ${job.maintainer.replaceAll('%', '%%')}
AutoProv: no

%description
An osquery extension with tables of the attack's artifacts, contacts, processes
and installs, and the command threecx, which hunts on this machine or in a disk
image. Named in the load files of osquery and Fleet's orbit where they are.

%install
mkdir -p %{buildroot}
cp -a %{staged}/. %{buildroot}/

%files
${fileLines(files).join('\n')}
${rpmScriptlets}`
}

/** One line per entry; directories that are ours alone are owned, those of the system are not. */
function fileLines(files: readonly Entry[]): string[] {
  const own = files.flatMap(({ path }) => {
    const found = /^.*?\/threecx-hunter(?=\/|$)/.exec(path)?.[0]
    return found === undefined ? [] : [found]
  })
  const below = files.flatMap(({ path }) => (path.includes('/examples/') ? [path.replace(/\/[^/]*$/, '')] : []))
  const directories = [...new Set([...own, ...below])].map((path) => `%dir %attr(0755,root,root) ${path}`)
  const leaves = files.flatMap((entry) => {
    if (entry.kind === 'directory') return []
    return [
      entry.kind === 'link' ? entry.path : `%attr(${entry.mode.toString(8).padStart(4, '0')},root,root) ${entry.path}`,
    ]
  })
  return [...directories, ...leaves].sort()
}
