/**
 * Which format a text has, by what it holds and not by its name: lists are renamed, zipped and mailed.
 */
import { isRecord, parseJson } from '../text.ts'
import { isMisp } from './misp.ts'
import { isIndicatorTable } from './sophos-csv.ts'
import { isStix } from './stix.ts'

/** The formats that are read. `threecx` is our own. */
export const importFormats = ['threecx', 'csv', 'list', 'stix', 'misp'] as const

/** One of the formats. */
export type ImportFormat = (typeof importFormats)[number]

/** A format and, for JSON, the parsed value; or why nothing fits. */
export type Detected =
  | { readonly format: 'csv' | 'list' }
  | { readonly format: 'threecx' | 'stix' | 'misp'; readonly json: unknown }
  | { readonly problem: string }

/** Detects the format of a text. */
export function detectFormat(text: string): Detected {
  if (/^\s*[[{]/.test(text) && !/^\s*\[(\.|dot|:)/i.test(text)) return detectJson(text)
  return { format: isIndicatorTable(text) ? 'csv' : 'list' }
}

function detectJson(text: string): Detected {
  const parsed = parseJson(text)
  if ('problem' in parsed) return parsed
  const json = parsed.value
  if (isRecord(json) && Object.hasOwn(json, 'indicators') && Object.hasOwn(json, 'source'))
    return { format: 'threecx', json }
  if (isStix(json)) return { format: 'stix', json }
  if (isMisp(json)) return { format: 'misp', json }
  return { problem: 'the JSON is neither an indicator set nor STIX nor MISP' }
}
