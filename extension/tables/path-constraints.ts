/**
 * From constraints on `path` and `directory` to the files a query is about.
 *
 * Equalities in one list may mean OR, so they are a union; SQLite checks each row again. No usable constraint gives no question, and the table answers for its standing scope.
 */
import type { NamedFiles, PathStretch } from '../domain/question.ts'

/** The part of a query context that is needed here. */
interface PathContext {
  equals(column: 'path' | 'directory'): readonly string[] | undefined
  likes(column: 'path' | 'directory'): readonly string[]
  globs(column: 'path' | 'directory'): readonly string[]
  mayMatch(column: 'path' | 'directory', value: string): boolean
}

/**
 * The files a query names, or undefined when it names none.
 *
 * Different constraints of one call are joined by AND, so the most telling kind is enough: whole paths, else
 * directories, else the wildcard pattern with the longest literal beginning.
 */
export function namedFiles(context: PathContext): NamedFiles | undefined {
  const keep = (path: string) => context.mayMatch('path', path)
  const none = { kind: 'named', paths: [], directories: [], stretches: [], keep } as const
  const paths = context.equals('path')
  if (paths && paths.length > 0) return { ...none, paths }
  const directories = context.equals('directory')
  if (directories && directories.length > 0) return { ...none, directories }
  const stretches = [
    ...context.likes('path').map((pattern) => stretch(pattern, /[%_]/)),
    ...context.globs('path').map((pattern) => stretch(pattern, /[*?[\]]/)),
    ...context.likes('directory').map((pattern) => ({ prefix: stretch(pattern, /[%_]/).prefix, suffix: '' })),
    ...context.globs('directory').map((pattern) => ({ prefix: stretch(pattern, /[*?[\]]/).prefix, suffix: '' })),
  ]
  const [best] = stretches.sort((a, b) => b.prefix.length - a.prefix.length)
  return best && { ...none, stretches: [best] }
}

/** The literal text before the first and after the last wildcard. Without one, the pattern is a whole path. */
function stretch(pattern: string, wildcard: RegExp): PathStretch {
  const first = pattern.search(wildcard)
  if (first < 0) return { prefix: pattern, suffix: pattern }
  let last = pattern.length - 1
  while (!wildcard.test(pattern[last] ?? '')) last--
  return { prefix: pattern.slice(0, first), suffix: pattern.slice(last + 1) }
}
