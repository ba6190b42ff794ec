/**
 * A .deb, built with dpkg-deb.
 *
 * Compressed with gzip or xz, because dpkg before 1.21.18 (Debian 11 among them) cannot read zstd. Dependencies are the
 * libraries that the pinned Node is linked with; everything else is inside the file.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import packageFile from '../../package.json' with { type: 'json' }
import type { Job } from './job.ts'
import { packageName } from './linux-files.ts'
import { debScripts } from './maintainer-scripts.ts'
import { type Entry, stage } from './payload.ts'
import { runTool } from './tool.ts'
import { tildeVersion } from './version.ts'

const architectureNames = { x64: 'amd64', arm64: 'arm64' } as const

/** Packages that hold the shared libraries the executable asks for, in the versions its symbols need. */
export const debDependencies = ['libc6 (>= 2.28)', 'libgcc-s1 | libgcc1', 'libstdc++6 (>= 8)', 'libatomic1'] as const

/** Builds into a directory; returns the path. */
export function buildDeb(job: Job, files: readonly Entry[], directory: string, scratch: string): string {
  const version = tildeVersion(job.version)
  const architecture = architectureNames[job.architecture]
  const root = join(scratch, 'root')
  stage([...files, ...control(job, files, version, architecture)], root, job.epoch)
  const output = join(directory, `${packageName}_${version}_${architecture}.deb`)
  const packing = ['--root-owner-group', `-Z${job.compression}`, `-z${job.level}`]
  runTool('dpkg-deb', [...packing, '--build', root, output], { SOURCE_DATE_EPOCH: String(job.epoch) })
  return output
}

function control(job: Job, files: readonly Entry[], version: string, architecture: string): Entry[] {
  const bytes = files.reduce((total, entry) => total + contentOf(entry).length, 0)
  const fields = {
    Package: packageName,
    Version: version,
    Architecture: architecture,
    Maintainer: job.maintainer,
    'Installed-Size': String(Math.ceil(bytes / 1024)),
    Depends: debDependencies.join(', '),
    Section: 'admin',
    Priority: 'optional',
    Description: `${packageFile.description.replace(/\.$/, '')}\n${longDescription}`,
  }
  const sums = files
    .filter((entry) => entry.kind === 'copy' || entry.kind === 'text')
    .map((entry) => `${createHash('md5').update(contentOf(entry)).digest('hex')}  ${entry.path.slice(1)}\n`)
  const text = (name: string, content: string, mode: number): Entry => ({
    kind: 'text',
    path: `/DEBIAN/${name}`,
    text: content,
    mode,
  })
  return [
    text(
      'control',
      Object.entries(fields)
        .map(([name, value]) => `${name}: ${value}\n`)
        .join(''),
      0o644,
    ),
    text('md5sums', sums.sort().join(''), 0o644),
    ...Object.entries(debScripts).map(([name, script]) => text(name, script, name === 'triggers' ? 0o644 : 0o755)),
  ]
}

/** Lines behind the first start with a blank. */
const longDescription = ` An osquery extension with tables of the attack's artifacts, contacts, processes
 and installs, and the command threecx, which hunts on this machine or in a disk
 image. Named in the load files of osquery and Fleet's orbit where they are.`

function contentOf(entry: Entry): Buffer {
  if (entry.kind === 'copy') return readFileSync(entry.from)
  return Buffer.from(entry.kind === 'text' ? entry.text : '')
}
