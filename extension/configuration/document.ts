/**
 * Holds a document of an operator, YAML or JSON, to a schema: everything that is wrong is told at once, with
 * its line.
 *
 * An alias of YAML can make a few bytes into gigabytes, so they are bounded; the file (document-text.ts) is, too.
 */
import { LineCounter, parseDocument } from 'yaml'
import type { ZodType } from 'zod'
import { HunterError } from '../domain/errors.ts'

const maxProblems = 20

/**
 * What a text holds, by its schema; `path` is for messages. `change` may put other values over those of the text before
 * they are checked. Throws `configuration_invalid` with every problem.
 */
export function parseDocumentAs<T>(
  schema: ZodType<T>,
  text: string,
  path: string,
  change: (value: unknown) => unknown = (value) => value,
): T {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true })
  const lineAt = (offset: number | undefined) => (offset === undefined ? 1 : lines.linePos(offset).line)
  if (document.errors.length > 0) {
    throw invalid(
      path,
      document.errors.map(({ pos, message }) => `line ${lineAt(pos[0])}: ${message}`),
    )
  }
  const value = change(plainValue(document, path))
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw invalid(
    path,
    parsed.error.issues.map((issue) => {
      const { path: place, message } = issue
      const [unknownKey] = issue.code === 'unrecognized_keys' ? issue.keys : []
      const node = nearest(document, unknownKey === undefined ? place : [...place, unknownKey])
      return `line ${lineAt(node)}: ${place.length === 0 ? '' : `${place.join('.')}: `}${message}`
    }),
  )
}

function plainValue(document: ReturnType<typeof parseDocument>, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 }) ?? {}
  } catch (cause) {
    throw invalid(path, [cause instanceof Error ? cause.message : String(cause)])
  }
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
