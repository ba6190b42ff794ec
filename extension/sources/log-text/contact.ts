/**
 * Puts a contact together from what a line had, leaving out what it had not: `-`, empty columns, unknown times.
 */
import type { LoggedContact } from '../log-format.ts'
import { remoteOf } from './remote.ts'

/** The rest of a contact, where anything may be missing. */
export interface Particulars {
  readonly time?: number | undefined
  readonly userAgent?: string | undefined
  readonly cookie?: string | undefined
  readonly user?: string | undefined
  readonly client?: string | undefined
  readonly process?: string | undefined
  readonly pid?: number | undefined
  readonly count?: number | undefined
  readonly fields?: Readonly<Record<string, string | number | undefined>>
}

/** Longest value of a field that is only shown. */
const maxShown = 1024

/** A contact with the remotes among `texts`; undefined where nothing of it could ever be sought. */
export function contact(texts: Iterable<string | undefined>, rest: Particulars): LoggedContact | undefined {
  const { hosts, urls, ips } = remoteOf(texts)
  const { fields = {}, ...plain } = rest
  const said = Object.entries(plain).filter(([, value]) => isSaid(value))
  const shown = Object.entries(fields).flatMap(([key, value]) =>
    isSaid(value) ? [[key, shorten(value)] as const] : [],
  )
  if (hosts.length + urls.length + ips.length === 0 && !isSaid(rest.userAgent) && !isSaid(rest.cookie)) return undefined
  return {
    ...(hosts.length > 0 && { hosts }),
    ...(urls.length > 0 && { urls }),
    ...(ips.length > 0 && { ips }),
    ...Object.fromEntries(said),
    ...(shown.length > 0 && { fields: Object.fromEntries(shown) }),
  }
}

function isSaid(value: string | number | undefined): value is string | number {
  return typeof value === 'number' ? Number.isFinite(value) : value !== undefined && value !== '' && value !== '-'
}

function shorten(value: string | number): string | number {
  return typeof value === 'number' ? value : value.slice(0, maxShown)
}

/** A decimal number, for the fields that are one; undefined otherwise. */
export function decimal(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
