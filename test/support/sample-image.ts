/**
 * `npm run sample-image -- windows|darwin|linux DIR`: a synthetic disk image to hunt in, and its answer key.
 *
 * Writes the tree below DIR and prints every file that a hunt must report, with verdict and reason. `--clean` writes the
 * twin in which nothing may be found. All bytes are made here; none come from the attack. Their digests ship with the
 * published indicators (iocs/sample-image), so that anybody can see a hunt find something.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, resolve, sep } from 'node:path'
import { parseArgs } from 'node:util'
import { errorCodes } from '../../extension/domain/errors.ts'
import { type Platform, platforms } from '../../extension/domain/platform.ts'
import { type IndicatorFile, indicatorFile } from './image/indicator-file.ts'
import { NotEmptyError, type PlantedFile, plannedFiles, plantImage } from './image/plant.ts'

export { type PlantedFile, plantImage } from './image/plant.ts'

const help = `Usage: npm run sample-image -- windows|darwin|linux DIR [options]

Writes a small synthetic disk image into DIR and prints what a hunt must find in it.

  --clean            the same system with clean releases: nothing may be found
  --variant          a rebuilt attack: no digest, version or name is listed, only the structure is the same
  --indicators FILE  also write the digests of the planted files as an indicator set
  --force            write into a directory that is not empty; other files in it stay
  --json             print all files as JSON, ordinary ones with a null verdict
  --help             print this text

Then: npx threecx hunt --root DIR
Exit codes: 0 written, ${errorCodes.usage.exit} usage, ${errorCodes.output_failed.exit} could not be written.
`

/** The digests of a compromised image as an indicator set; `id` must be the end of its path, without `.json`. */
export function sampleIndicators(platform: Platform, id = `sample-image-${platform}`): IndicatorFile {
  return indicatorFile(id, platform, plannedFiles(platform, 'compromised'))
}

/** Runs the command; returns the exit code. */
export function main(args: readonly string[]): number {
  try {
    return run(args)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    if (error instanceof UsageError) return fail(`${message}. Run with --help.`, errorCodes.usage.exit)
    if (error instanceof NotEmptyError)
      return fail(`${message}. Choose another, or give --force.`, errorCodes.usage.exit)
    return fail(`cannot write the image: ${message}`, errorCodes.output_failed.exit)
  }
}

class UsageError extends Error {}

function run(args: readonly string[]): number {
  const { values, positionals } = parse(args)
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  const [word, dir, ...rest] = positionals
  const platform = platforms.find((one) => one === word)
  if (platform === undefined) throw new UsageError(`platform is ${quoted(word)}; expected windows, darwin or linux`)
  if (dir === undefined || dir === '') throw new UsageError('DIR is missing; expected a directory to write into')
  if (rest.length > 0) throw new UsageError(`unexpected argument ${quoted(rest[0])}; expected a platform and one DIR`)
  const { clean, variant } = values
  if (clean && variant) throw new UsageError('--clean and --variant exclude each other')
  if ((clean || variant) && values.indicators !== undefined) {
    throw new UsageError('--indicators goes with the published attack; the other images have nothing to list')
  }
  const target = values.indicators === undefined ? undefined : indicatorsPath(dir, values.indicators)
  const files = plantImage(platform, dir, { clean, variant, force: values.force })
  if (target !== undefined) {
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, `${JSON.stringify(sampleIndicators(platform, basename(target, '.json')), null, 2)}\n`)
  }
  process.stdout.write(values.json ? jsonOf(files) : tableOf(files))
  process.stderr.write(summary(files, dir, target))
  return 0
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        clean: { type: 'boolean', default: false },
        variant: { type: 'boolean', default: false },
        force: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
        indicators: { type: 'string' },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message.replace(/\.$/, '') : String(error))
  }
}

/** The set's id is its base name, so the name must be one; and it must not lie in the image it describes. */
function indicatorsPath(dir: string, stated: string): string {
  const root = resolve(dir)
  const path = resolve(stated)
  if (!/^[a-z0-9][a-z0-9._-]*\.json$/.test(basename(path))) {
    throw new UsageError(`--indicators is ${quoted(stated)}; expected a lower-case file name that ends in .json`)
  }
  if (path === root || path.startsWith(root.endsWith(sep) ? root : root + sep)) {
    throw new UsageError(`--indicators is ${quoted(stated)}; expected a file outside the image`)
  }
  return path
}

function jsonOf(files: readonly PlantedFile[]): string {
  const rows = files.map(({ matchedBy, verdict, ...file }) => ({
    ...file,
    verdict: verdict ?? null,
    matched_by: matchedBy,
  }))
  return `${JSON.stringify(rows, null, 2)}\n`
}

function tableOf(files: readonly PlantedFile[]): string {
  const rows = files.flatMap(({ verdict, matchedBy, component, path }) =>
    verdict === undefined ? [] : [[verdict, matchedBy.join(','), component, path]],
  )
  if (rows.length === 0) return ''
  const all = [['VERDICT', 'MATCHED_BY', 'COMPONENT', 'PATH'], ...rows]
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  const lines = all.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
  return `${lines.join('\n')}\n`
}

function summary(files: readonly PlantedFile[], dir: string, indicators: string | undefined): string {
  const found = files.filter((file) => file.verdict !== undefined).length
  const lines = [`${files.length} files in ${dir}: ${found} to be found, ${files.length - found} ordinary`]
  if (indicators !== undefined) lines.push(`indicators in ${indicators}`)
  return `${lines.join('\n')}\n`
}

function fail(message: string, exit: number): number {
  process.stderr.write(`sample-image: ${message}\n`)
  return exit
}

function quoted(text: string | undefined): string {
  return text === undefined ? 'missing' : JSON.stringify(text)
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2))
