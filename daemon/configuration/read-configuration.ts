/**
 * From the daemon's file, environment and flags to one frozen configuration, or to every problem at once.
 */
import { z } from 'zod'
import { parseDocumentAs } from '../../extension/configuration/document.ts'
import { readDocument } from '../../extension/configuration/document-text.ts'
import { sinkDefinitions } from '../sinks/index.ts'
import type { SinkDefinition } from '../sinks/sink.ts'
import { type DaemonDocument, daemonDocument, deliverDocument, sinkDocument } from './schema.ts'
import { isRecord, type Overrides, overlay } from './settings.ts'

/** A sink whose options were checked by its own schema. */
export interface ConfiguredSink {
  readonly name: string
  readonly definition: SinkDefinition
  readonly options: unknown
  readonly deliver: z.infer<typeof deliverDocument>
  /** As it stood in the file: two that are equal need not be opened anew. */
  readonly said: string
}

/** The whole configuration. */
export interface DaemonConfiguration extends Omit<DaemonDocument, 'sinks'> {
  readonly sinks: readonly ConfiguredSink[]
}

/** What was read, and what it was read from. */
export interface ReadConfiguration {
  readonly configuration: DaemonConfiguration
  /** The file's own values, without defaults; undefined where there is no file. */
  readonly document: unknown
}

/** A sink by its own schema and by the common one, so that every problem of both is told. */
const checkedSink = z.unknown().transform((raw, context): ConfiguredSink => {
  const common = sinkDocument.safeParse(raw)
  for (const { path, message } of common.error?.issues ?? [])
    context.addIssue({ code: 'custom', path: [...path], message })
  const { type, name = type, deliver, ...own } = common.data ?? unreadable
  const definition = sinkDefinitions.find((one) => one.type === type)
  if (common.data && !definition) {
    const message = `"${type}"; expected ${sinkDefinitions.map((one) => one.type).join(', ')}`
    context.addIssue({ code: 'custom', path: ['type'], message })
  }
  if (!common.data || !definition) return z.NEVER
  const parsed = definition.options.safeParse(own)
  for (const { path, message } of parsed.error?.issues ?? [])
    context.addIssue({ code: 'custom', path: [...path], message })
  if (!parsed.success) return z.NEVER
  return { name, definition, options: parsed.data, deliver, said: JSON.stringify([type, own]) }
})

const unreadable: z.infer<typeof sinkDocument> = { type: '', deliver: deliverDocument.parse({}) }

/** Checks over several members look even where something else is wrong: all problems are told at once. */
const always = { when: () => true }

const checked = daemonDocument
  .extend({
    sinks: z
      .array(checkedSink)
      .min(1)
      .max(64)
      .prefault([{ type: 'stdout' }]),
  })
  .refine((document) => hasIdentifier(document), {
    ...always,
    path: ['specified_identifier'],
    message: 'expected together with host_identifier: specified, and only then',
  })
  .superRefine(({ sinks }, context) => {
    const names = new Set<string>()
    for (const [index, { name }] of sinks.entries()) {
      const message = `"${name}" is the name of another sink too`
      if (names.has(name)) context.addIssue({ code: 'custom', path: ['sinks', index, 'name'], message })
      names.add(name)
    }
  })

function hasIdentifier(document: unknown): boolean {
  if (!isRecord(document)) return true
  return (document['host_identifier'] === 'specified') === (document['specified_identifier'] !== undefined)
}

/** Reads `path`, if one is named, and everything that stands over it. Throws `HunterError` with `configuration_invalid`. */
export function readDaemonConfiguration(path: string | undefined, overrides: Overrides): ReadConfiguration {
  const text = path === undefined ? '' : (readDocument(path, true) ?? '')
  let document: unknown
  const configuration = parseDocumentAs(checked, text, path ?? '(none)', (value) => {
    document = path === undefined ? undefined : value
    return overlay(value, overrides)
  })
  return { configuration: Object.freeze(configuration), document }
}
