/**
 * The sources and places that the configuration adds.
 */
import { HunterError } from '../domain/errors.ts'
import { platforms } from '../domain/platform.ts'
import type { SourcePlace } from '../domain/source-place.ts'
import { lineSource } from '../sources/line-source.ts'
import { columnMap } from '../sources/logs/column-map.ts'
import type { Source } from '../sources/source.ts'
import type { Configuration, ConfiguredSource } from './schema.ts'

/** What is added to those that ship. */
export interface ConfiguredSources {
  readonly sources: readonly Source[]
  readonly places: readonly SourcePlace[]
}

/** `known` are names that a `format` may say. Throws `HunterError` with every format that is none. */
export function configuredSources({ sources }: Configuration, known: readonly string[]): ConfiguredSources {
  const unknown = sources.filter(({ format, columns }) => !columns && format !== undefined && !known.includes(format))
  if (unknown.length > 0) {
    const found = unknown.map(({ path, format }) => `${path}: unknown format ${JSON.stringify(format)}`)
    throw new HunterError('configuration_invalid', `${found.join('; ')}; expected one of ${known.join(', ')}`)
  }
  const made = sources.map((one, at) => ({ one, source: one.columns ? mapped(one, at) : undefined }))
  return {
    sources: made.flatMap(({ source }) => source ?? []),
    places: made.flatMap(({ one, source }, at) => placesOf(one, source?.name ?? one.format ?? 'auto', at)),
  }
}

/** The format says its name as the source of evidence; the reader needs one of its own. */
function mapped({ columns, format, delimiter, name }: ConfiguredSource, at: number): Source {
  const map = columnMap({
    ...columns,
    format: format === 'json_lines' ? 'json' : 'csv',
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(name === undefined ? {} : { name }),
  })
  return lineSource(`configured_${at + 1}`, map.about, [map])
}

function placesOf({ path, platform, user }: ConfiguredSource, source: string, at: number): SourcePlace[] {
  const pattern = path
    .replace(/^[A-Za-z]:/, '')
    .replaceAll('\\', '/')
    .replace(/^\/+/, '')
  return platforms
    .filter((one) => platform === undefined || one === platform)
    .map((one) => ({
      id: `configured-${at + 1}-${one}`,
      platform: one,
      pattern,
      what: 'Named in the configuration.',
      source,
      ...(user === undefined ? {} : { user }),
    }))
}
