/**
 * Tables over databases, as osquery constructs them from its configuration, read as every database here is read: without
 * SQLite ever opening the file, in a thread of its own, with its log and journal laid over it.
 *
 * The statement of a definition must name columns of one table (`constructed-statement.ts`); what SQLite could do beyond
 * that would need the schema of a hostile file to be trusted.
 */
import type { ConstructedTable } from '../domain/constructed-table.ts'
import { defaultReadLimits, fileReader } from '../gathering/file-reader.ts'
import type { SourceFile, SourceReader } from '../sources/source.ts'
import { isDatabase } from '../sources/sqlite/header.ts'
import { openStore } from '../sources/sqlite/open-store.ts'
import { readStatement } from './constructed-statement.ts'
import { filesLike, type NamedFile } from './named-files.ts'
import type { OsqueryRow, OsqueryServices, OsqueryTable } from './services.ts'

const nothingSought = { texts: [], mayHold: () => true }

/** The table of a definition. Throws where its statement cannot be read. */
export function constructedTable(definition: ConstructedTable): OsqueryTable {
  const { name, columns } = definition
  const statement = readStatement(definition)
  return {
    name,
    async *rows({ signal }, services) {
      for await (const file of filesLike(name, services, definition.path, signal)) {
        for (const values of await rowsOf(name, file, statement, services, signal)) {
          const cells = statement.names.map((column, at) => [column, values[at]] as const)
          const known = cells.filter(([column]) => columns.includes(column))
          yield { ...Object.fromEntries(known), path: file.path } as OsqueryRow
        }
      }
    },
  }
}

async function rowsOf(
  table: string,
  { volume, entry, path }: NamedFile,
  statement: ReturnType<typeof readStatement>,
  { engine, problems }: OsqueryServices,
  signal: AbortSignal,
): Promise<readonly (readonly (string | null)[])[]> {
  const roots = [volume.canonical]
  const head = await engine.read(roots, entry, 0, 16).catch(() => new Uint8Array())
  if (!isDatabase(head)) return []
  const parts = { engine, roots, needles: nothingSought, limits: defaultReadLimits, signal }
  const reader: SourceReader = { ...fileReader(parts, entry, entry), mayHold: async () => true }
  const mtime = Number(entry.mtimeNs / 1_000_000_000n)
  const name = path.slice(path.lastIndexOf(path.includes('\\') ? '\\' : '/') + 1)
  const file: SourceFile = { path, name, size: entry.size, mtime, platform: volume.platform, user: '' }
  const query = { table: statement.table, columns: statement.columns, where: 'all' as const }
  const { answer, problems: found } = await openStore(file, reader, [query], nothingSought, signal)
  for (const { problem } of found) problems.add({ table, path, ...problem })
  return (answer?.rows[0] ?? []).map((row) => row.map((value) => (value === null ? null : String(value))))
}
