/**
 * `npm run package`: the single executable as a package of the operating system.
 *
 * `--format deb|rpm|msi|pkg`, for the processor of this machine or `--arch`; of what `npm run build:ext` left in dist/,
 * or of `--file`. docs/packages.md says what the packages do on a machine.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Platform } from '../extension/domain/platform.ts'
import { host, targetOf } from './executable/target.ts'
import { contentsOf } from './packaging/contents.ts'
import { cratesOfAddon } from './packaging/crates.ts'
import { buildDeb } from './packaging/deb.ts'
import {
  type Architecture,
  architectures,
  type Compression,
  checkExecutable,
  compressions,
  defaultMaintainer,
  epochOf,
  type Job,
} from './packaging/job.ts'
import { linuxFiles } from './packaging/linux-files.ts'
import { buildMsi } from './packaging/msi.ts'
import { noticesOf } from './packaging/notices.ts'
import { buildPkg } from './packaging/pkg.ts'
import { buildRpm } from './packaging/rpm.ts'

const root = join(import.meta.dirname, '..')

/** What a format is built with. */
export interface Materials {
  readonly job: Job
  readonly notices: string
  readonly directory: string
  readonly scratch: string
  /** Who signs a .pkg. */
  readonly identity?: string | undefined
}

/** Every format: the system it is for, and how it is built. */
const formats = {
  deb: {
    platform: 'linux',
    build: ({ job, notices, directory, scratch }: Materials) =>
      buildDeb(job, linuxFiles(job.file, notices, root), directory, scratch),
  },
  rpm: {
    platform: 'linux',
    build: ({ job, notices, directory, scratch }: Materials) =>
      buildRpm(job, linuxFiles(job.file, notices, root), directory, scratch),
  },
  msi: {
    platform: 'windows',
    build: ({ job, directory, scratch }: Materials) => buildMsi(job, directory, scratch),
  },
  pkg: {
    platform: 'darwin',
    build: ({ job, notices, directory, scratch, identity }: Materials) =>
      buildPkg(job, notices, root, directory, scratch, identity),
  },
} as const satisfies Record<string, { platform: Platform; build: (materials: Materials) => string }>

/** Name of a format. */
export type Format = keyof typeof formats

/** Builds a package into a directory; returns its path. */
export function buildPackage(format: Format, job: Job, notices: string, directory: string, identity?: string): string {
  mkdirSync(directory, { recursive: true })
  const scratch = mkdtempSync(join(resolve(directory), '.packaging-'))
  try {
    return formats[format].build({ job, notices, directory, scratch, identity })
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

const nodeNames = { linux: 'linux', darwin: 'darwin', windows: 'win32' } as const

/** Levels that end in seconds, not minutes, for 130 MB. */
const levels = { gzip: 6, xz: 3 } as const

function main(): void {
  const { values } = parseArgs({
    options: {
      format: { type: 'string' },
      arch: { type: 'string', default: process.arch },
      file: { type: 'string' },
      out: { type: 'string', default: join(root, 'dist') },
      compression: { type: 'string', default: 'gzip' },
      level: { type: 'string' },
      maintainer: { type: 'string', default: defaultMaintainer },
      sign: { type: 'string' },
    },
  })
  const format = oneOf('format', values.format, Object.keys(formats) as Format[])
  const architecture: Architecture = oneOf('arch', values.arch, architectures)
  const compression: Compression = oneOf('compression', values.compression, compressions)
  const level = Number(values.level ?? levels[compression])
  if (!/^[0-9]$/.test(String(level))) throw new Error(`--level is ${JSON.stringify(values.level)}; expected 0 to 9`)
  if (!/^[^<>\r\n]+ <[^<>\s]+>$/.test(values.maintainer)) {
    throw new Error(`--maintainer is ${JSON.stringify(values.maintainer)}; expected NAME <ADDRESS>`)
  }
  const { platform } = formats[format]
  const nodePlatform = `${nodeNames[platform]}-${architecture}`
  const file =
    values.file ?? join(root, 'dist', nodePlatform === host ? '' : nodePlatform, targetOf(nodePlatform).output)
  const contents = contentsOf(file)
  checkExecutable(file, contents, platform, architecture)
  const job: Job = {
    file,
    version: contents.version,
    architecture,
    epoch: epochOf(root, process.env),
    compression,
    level,
    maintainer: values.maintainer,
  }
  const notices = noticesOf(contents, cratesOfAddon(contents, root), root)
  const output = buildPackage(format, job, notices, values.out, values.sign)
  console.log(`${relative(process.cwd(), output)}: ${(statSync(output).size / 2 ** 20).toFixed(1)} MiB`)
}

function oneOf<Name extends string>(option: string, said: string | undefined, known: readonly Name[]): Name {
  const found = known.find((one) => one === said)
  if (found !== undefined) return found
  throw new Error(
    `--${option} is ${said === undefined ? 'missing' : JSON.stringify(said)}; expected ${known.join(', ')}`,
  )
}

if (import.meta.main) {
  try {
    main()
  } catch (error) {
    console.error(`package: ${error instanceof Error ? error.message : error}`)
    process.exitCode = 1
  }
}
