/**
 * osquery's table `yara_file`, formerly `yara`: which rules of a `sigrule` match a file.
 *
 * osquery compiles the text anew for every call; here it is compiled once. Rules in files and groups (`sigfile`,
 * `sig_group`, `sigurl`) name what only a configured host has, so they are refused, not silently empty. As in osquery a
 * file that nothing matches is a row with count 0, and strings are not shown.
 */
import type { Columns, QueryContext } from '../sdk/index.ts'
import { type NamedFile, namedFiles } from './named-files.ts'
import type { OsqueryServices, OsqueryTable } from './services.ts'

/** The largest file that the rules' thread can take beside its own tables. */
const maxFileBytes = 64 << 20

/** The table. */
export const yaraFile: OsqueryTable = {
  name: 'yara_file',
  async *rows(context, services) {
    const texts = sigrules(context)
    for await (const file of namedFiles('yara_file', context, services)) {
      for (const sigrule of texts) {
        const matches = await matchesOf(file, sigrule, services)
        if (matches) yield { path: file.path, sigrule, matches: matches.join(','), count: matches.length }
      }
    }
  },
}

function sigrules(context: QueryContext<Columns>): readonly string[] {
  const other = ['sigfile', 'sig_group', 'sigurl'].find((column) => context.equals(column) !== undefined)
  if (other !== undefined)
    throw new Error(`yara_file: ${other} names rules of a configured host; give their text as sigrule`)
  const texts = context.equals('sigrule')
  if (!texts) throw new Error('yara_file: the query has no sigrule; expected sigrule = and the text of rules')
  return [...new Set(texts)]
}

async function matchesOf(
  { volume, entry, path }: NamedFile,
  sigrule: string,
  { engine, problems, rules }: OsqueryServices,
): Promise<readonly string[] | undefined> {
  if (entry.size > maxFileBytes) {
    const message = `${entry.size} bytes; expected at most ${maxFileBytes}`
    problems.add({ table: 'yara_file', path, code: 'too_big', message })
    return undefined
  }
  try {
    const bytes = await engine.read([volume.canonical], entry, 0, entry.size)
    return bytes.length === 0 ? [] : await rules.scan(sigrule, bytes)
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    if (message.startsWith('cannot use sigrule')) throw cause
    problems.add({ table: 'yara_file', path, code: 'io', message })
    return undefined
  }
}
