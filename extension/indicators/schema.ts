/**
 * The shape of indicator data on disk, once: a zod schema that validates it, and the JSON Schema editors and other
 * tools read, generated from it.
 *
 * Only shape is decided here (fields, words, bounds). What a single field cannot say (canonical values, order,
 * uniqueness, an id that equals the path) is checked in validate.ts. Bounds are generous for honest lists and small
 * enough that a hostile one cannot fill memory.
 */
import { z } from 'zod'
import { fileKinds } from '../domain/file-kind.ts'
import { stages, statuses } from '../domain/indicator.ts'
import { installScopes, installSources } from '../domain/install.ts'
import { levels } from '../domain/level.ts'
import { observableTypes } from '../domain/observable.ts'
import { platforms } from '../domain/platform.ts'
import { bounds } from './bounds.ts'

const isoDate = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, 'an ISO date such as 2023-03-29')
const namePattern = z
  .string()
  .max(255)
  .regex(/^[^/\\]+$/, 'a pattern for a base name, without directories')

/** One indicator as written in a file. */
export const indicatorDocument = z.strictObject({
  number: z.int().min(1).max(999_999).meta({ description: 'Permanent and unique in the file; never reused.' }),
  type: z.enum(observableTypes).meta({ description: 'Type of the value.' }),
  value: z.string().min(1).max(bounds.value).meta({ description: 'Canonical form; never defanged.' }),
  platform: z
    .enum(platforms)
    .meta({ description: 'Where the value means this; absent: on every platform.' })
    .exactOptional(),
  component: z.string().min(1).max(bounds.component).meta({ description: 'Part of the attack, in a few words.' }),
  stage: z.enum(stages).meta({ description: 'Where in the attack the value belongs.' }),
  level: z.enum(levels).meta({ description: 'Level of Sigma.' }),
  status: z.enum(statuses).meta({ description: 'What a match means; context is never a finding by itself.' }),
  names: z
    .array(namePattern)
    .min(1)
    .max(64)
    .meta({ description: 'Digests only: base names a file with this digest can have, `*` for any run.' })
    .exactOptional(),
  kinds: z
    .array(z.enum(fileKinds))
    .min(1)
    .max(fileKinds.length)
    .meta({ description: 'Digests only: kinds of file by first bytes.' })
    .exactOptional(),
  size: z
    .strictObject({ min: z.int().min(0).exactOptional(), max: z.int().min(0).exactOptional() })
    .meta({ description: 'Digests only: published bounds in bytes, both inclusive.' })
    .exactOptional(),
  note: z
    .string()
    .min(1)
    .max(bounds.note)
    .meta({ description: 'What an analyst should know about the value.' })
    .exactOptional(),
})

const setId = z
  .string()
  .max(120)
  .regex(/^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)*$/, 'lower-case words joined by / and -')

/** Everything of a set but its indicators. */
export const setHeader = z.strictObject({
  $schema: z.string().max(bounds.value).exactOptional(),
  id: setId.meta({ description: 'Equal to the path of the file below iocs/, without .json.' }),
  title: z.string().min(1).max(200),
  source: z.strictObject({
    publisher: z.string().min(1).max(200),
    url: z
      .string()
      .max(bounds.value)
      .regex(/^(https?|file):\/\//, 'an http, https or file URL'),
    published: isoDate.meta({ description: 'Date of the publication.' }).exactOptional(),
    retrieved: isoDate.meta({ description: 'Date on which the facts were read.' }),
    licence: z.string().min(1).max(200),
  }),
})

/** A whole set as written in a file. */
export const setDocument = setHeader.extend({ indicators: z.array(indicatorDocument).max(bounds.indicators) })

/** One place as written in places.json. */
export const placeDocument = z.strictObject({
  id: z
    .string()
    .max(80)
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case words joined by -'),
  platform: z.enum(platforms),
  pattern: z
    .string()
    .max(1000)
    .regex(/^[^/\\?[\]{}]+(\/[^/\\?[\]{}]+)*$/, 'a relative path with / between components and * as the only wildcard')
    .meta({ description: 'Path pattern below the root of a volume or image.' }),
  what: z.string().min(1).max(300).meta({ description: 'What lives there.' }),
  component: z.string().min(1).max(bounds.component),
})

/** The whole of places.json. */
export const placesDocument = z.strictObject({
  $schema: z.string().exactOptional(),
  places: z.array(placeDocument).min(1).max(1000),
})

const accountOfPlace = z
  .string()
  .min(1)
  .max(100)
  .meta({ description: 'Account the place belongs to, where the pattern has no <user>.' })
  .exactOptional()

/** One place as written in installs.json. */
export const installPlaceDocument = z.strictObject({
  ...placeDocument.omit({ component: true }).shape,
  of: z.enum(platforms).meta({ description: 'System the app is made for.' }),
  source: z.enum(installSources).meta({ description: 'What a file there is.' }),
  scope: z.enum(installScopes),
  user: accountOfPlace,
  imagesOnly: z.boolean().meta({ description: 'Sought in images only.' }).exactOptional(),
  isDiscarded: z.boolean().meta({ description: 'What is there was thrown away.' }).exactOptional(),
})

/** The whole of installs.json. */
export const installPlacesDocument = z.strictObject({
  $schema: z.string().exactOptional(),
  places: z.array(installPlaceDocument).min(1).max(1000),
})

/** One place as written in sources.json. */
export const sourcePlaceDocument = z.strictObject({
  ...placeDocument.omit({ component: true }).shape,
  source: z
    .string()
    .max(80)
    .regex(/^[a-z0-9]+(_[a-z0-9]+)*$/, 'the name of a source, or auto')
    .meta({ description: 'Name of the source that reads it; auto: whichever recognises it.' }),
  user: accountOfPlace,
})

/** The whole of sources.json. */
export const sourcePlacesDocument = z.strictObject({
  $schema: z.string().exactOptional(),
  places: z.array(sourcePlaceDocument).min(1).max(2000),
})

/** The whole of shared-hosts.json. */
export const sharedHostsDocument = z.strictObject({
  $schema: z.string().exactOptional(),
  hosts: z
    .array(z.strictObject({ host: z.string().min(1).max(253), why: z.string().min(1).max(300) }))
    .min(1)
    .max(1000),
})

export type SetDocument = z.infer<typeof setDocument>
export type IndicatorDocument = z.infer<typeof indicatorDocument>

/** The JSON Schemas in iocs/, by file name; a test keeps the files equal to these. */
export function jsonSchemas(): Readonly<Record<string, object>> {
  const titled = (title: string, schema: z.ZodType) => ({ title, ...z.toJSONSchema(schema) })
  return {
    'schema.json': titled('Indicator set of threecx-hunter', setDocument),
    'places.schema.json': titled('Places of threecx-hunter', placesDocument),
    'installs.schema.json': titled('Places of installs of threecx-hunter', installPlacesDocument),
    'sources.schema.json': titled('Places of sources of threecx-hunter', sourcePlacesDocument),
    'shared-hosts.schema.json': titled('Shared hosts of threecx-hunter', sharedHostsDocument),
  }
}
