/**
 * Plugins: what osquery calls in an extension, whatever their registry.
 */
import type { Route } from './routes.ts'
import type { PluginCall } from './wire/responder.ts'
import { type Answer, okStatus } from './wire/response.ts'
import { encodeMaps, noRows } from './wire/rows.ts'

export type { PluginCall } from './wire/responder.ts'
export type { Answer, Status } from './wire/response.ts'

/** Registries of osquery that extensions fill. */
export type Registry = 'table' | 'logger' | 'config' | 'distributed'

/** What osquery sends to a plugin: everything is text. */
export type PluginRequest = PluginCall['request']

/** A plugin as osquery sees it at registration. */
export interface PluginDescription {
  readonly registry: Registry
  readonly name: string
  /** A table's columns, aliases and attributes; empty for the others. */
  readonly routes: readonly Route[]
}

/** A plugin. */
export interface Plugin extends PluginDescription {
  /** Answers one call. What it throws becomes a status with the message; it must hear the signal. */
  call(request: PluginRequest, signal: AbortSignal): Promise<Answer>
}

/** Success, with rows of text. */
export function succeeded(rows: readonly Readonly<Record<string, string>>[] = []): Answer {
  return { status: okStatus, rows: rows.length === 0 ? noRows : encodeMaps(rows) }
}

/** Failure; the message is what the person at the query sees. */
export function failed(message: string, code = 1): Answer {
  return { status: { code, message }, rows: noRows }
}

/** One line for a status: what was thrown, and what to do where the error says so. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  const remedy = error instanceof Error && 'remedy' in error && typeof error.remedy === 'string' ? error.remedy : ''
  return (remedy === '' || message.includes(remedy) ? message : `${message.replace(/\.+$/, '')}. ${remedy}`) || 'failed'
}
