/**
 * What an operator may write into the configuration file; docs/configuration.md is generated from the descriptions.
 */
import { z } from 'zod'

const column = z.union([z.string().min(1).max(200), z.int().min(1).max(10_000)])
const columnDoc = (what: string) =>
  column
    .exactOptional()
    .meta({ description: `${what}: a name of the heading (any case), a path in JSON, or a number from 1` })

/** Which column of a table, or member of JSON lines, is what. */
export const columnsDocument = z
  .strictObject({
    time: columnDoc('When'),
    host: columnDoc('Name that was asked for or connected to'),
    url: columnDoc('Whole address, or a path on `host`'),
    ip: columnDoc('Address that was connected to'),
    user: columnDoc('Who'),
    client: columnDoc('From where'),
  })
  .refine(({ host, url, ip }) => host !== undefined || url !== undefined || ip !== undefined, {
    message: 'expected at least one of host, url and ip',
  })

/** One entry of `sources`. */
export const sourceDocument = z
  .strictObject({
    path: z
      .string()
      .min(1)
      .max(1024)
      .refine((path) => /^(?:[A-Za-z]:)?[/\\]/.test(path), 'expected an absolute path')
      .refine((path) => !path.split(/[/\\]/).includes('..'), 'expected a path without ..')
      .meta({
        description:
          'Absolute path on the examined system; `*` stands for anything inside a component, `**` for any folders, ' +
          '`<user>` for a component that names the user. A drive letter is left out: every volume is looked at.',
      }),
    format: z
      .string()
      .max(80)
      .exactOptional()
      .meta({ description: 'Name of a source of docs/sources.md; default: told by the first lines' }),
    platform: z
      .enum(['windows', 'darwin', 'linux'])
      .exactOptional()
      .meta({ description: 'System it is for; default: every system' }),
    user: z.string().min(1).max(256).exactOptional().meta({ description: 'Account that the records belong to' }),
    columns: columnsDocument.exactOptional().meta({
      description: 'Columns of a table (`format: csv`, the default) or members of JSON (`format: json_lines`)',
    }),
    delimiter: z.string().min(1).max(8).exactOptional().meta({ description: 'Between the columns; default: a comma' }),
    name: z
      .string()
      .max(60)
      .regex(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/, 'expected snake_case')
      .exactOptional()
      .meta({ description: 'What the column `source` says of mapped columns; default: `column_map`' }),
  })
  .superRefine((source, context) => {
    const { columns, format, delimiter, name } = source
    const refuse = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message })
    if (columns && format !== undefined && format !== 'csv' && format !== 'json_lines') {
      refuse('format', 'expected csv or json_lines beside columns')
    }
    if (delimiter !== undefined && (!columns || format === 'json_lines')) {
      refuse('delimiter', 'expected only beside columns of a table')
    }
    if (name !== undefined && !columns) refuse('name', 'expected only beside columns')
  })

/** The whole file. */
export const configurationDocument = z.strictObject({
  sources: z
    .array(sourceDocument)
    .max(1000)
    .default([])
    .meta({ description: 'Logs and stores to read beside the places that are known' }),
})

/** A validated file. */
export type Configuration = z.infer<typeof configurationDocument>
/** A validated entry of `sources`. */
export type ConfiguredSource = Configuration['sources'][number]
