/**
 * Reads the configuration file, YAML or JSON: everything that is wrong with it is told at once, with its line.
 *
 * An alias of YAML can make a few bytes into gigabytes, so they are bounded; the file is, too.
 */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { LineCounter, parseDocument } from 'yaml'
import { HunterError } from '../domain/errors.ts'
import { type Configuration, configurationDocument } from './schema.ts'

/** A longer file is no configuration. */
const maxBytes = 1 << 20
const maxProblems = 20

/** What counts where no file is. */
export const noConfiguration: Configuration = configurationDocument.parse({})

/** Where the file lies when nobody says otherwise. */
export function defaultConfigurationPath(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  if (platform === 'win32') return join(env['ProgramData'] ?? 'C:\\ProgramData', 'threecx-hunter', 'config.yaml')
  return '/etc/threecx-hunter/config.yaml'
}

/**
 * The configuration of a file that somebody named, else of the default file if it is there.
 *
 * Throws `HunterError` with code `configuration_invalid`.
 */
export function openConfiguration(
  named: string | undefined,
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
): Configuration {
  const path = named ?? defaultConfigurationPath(env, platform)
  const text = readText(path, named !== undefined)
  return text === undefined ? noConfiguration : parseConfiguration(text, path)
}

function readText(path: string, isNamed: boolean): string | undefined {
  try {
    const { size } = statSync(path)
    if (size > maxBytes) throw new Error(`it has ${size} bytes; expected at most ${maxBytes}`)
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path))
  } catch (cause) {
    if (!isNamed && cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new HunterError('configuration_invalid', `cannot read configuration ${path}: ${why}`, { cause })
  }
}

/** The configuration that a text holds; `path` is for messages. Throws as `openConfiguration` does. */
export function parseConfiguration(text: string, path: string): Configuration {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true })
  const lineAt = (offset: number | undefined) => (offset === undefined ? 1 : lines.linePos(offset).line)
  if (document.errors.length > 0) {
    throw invalid(
      path,
      document.errors.map(({ pos, message }) => `line ${lineAt(pos[0])}: ${message}`),
    )
  }
  const value = document.toJS({ maxAliasCount: 100 }) ?? {}
  const parsed = configurationDocument.safeParse(value)
  if (parsed.success) return parsed.data
  throw invalid(
    path,
    parsed.error.issues.map(({ path: place, message }) => {
      const node = nearest(document, place)
      return `line ${lineAt(node)}: ${place.length === 0 ? '' : `${place.join('.')}: `}${message}`
    }),
  )
}

/** Offset of the node at a place, or of the closest one around it. */
function nearest(document: ReturnType<typeof parseDocument>, place: readonly PropertyKey[]): number | undefined {
  for (let length = place.length; length >= 0; length--) {
    const node = length === 0 ? document.contents : document.getIn(place.slice(0, length), true)
    if (node && typeof node === 'object' && 'range' in node && Array.isArray(node.range)) return Number(node.range[0])
  }
  return undefined
}

function invalid(path: string, problems: readonly string[]): HunterError {
  const shown = problems.slice(0, maxProblems)
  const rest = problems.length > maxProblems ? [`and ${problems.length - maxProblems} more`] : []
  return new HunterError('configuration_invalid', `configuration ${path}: ${[...shown, ...rest].join('; ')}`)
}
