/**
 * `threecx query`: the tables in SQL, with no osquery on the machine.
 */
import { HunterError } from '../../extension/domain/errors.ts'
import { openSql } from '../../extension/sdk/sql/index.ts'
import { tables } from '../../extension/tables/index.ts'
import { defineCommand } from '../command.ts'
import { closing, openForHunt } from '../hunting.ts'
import { commonOptions, huntOptions } from '../options.ts'
import { writeTo } from '../output/destination.ts'
import { type Format, formats, render } from '../output/format.ts'
import { tellTableProblems } from '../table-problems.ts'

/** The command. */
export const query = defineCommand({
  name: 'query',
  summary: 'ask the tables in SQL, no osquery needed',
  usage: '"SQL" [--root DIR] [--format table|json|jsonl|csv]',
  description: `
Runs one SELECT over our tables in an embedded SQLite, with osquery's own push-down rules:
${tables.map(({ name }) => `  ${name}`).join('\n')}
docs/tables.md has their columns.
Of osquery's own there are file, hash, yara_file (with sigrule), users, programs, apps and processes, as far as files tell them;
their paths are those of the examined system.

threecx_artifacts answers for the places where 3CX lives, or for everything with --full. When the query constrains
path (=, IN, LIKE, GLOB) or directory (=), it answers for exactly those files, wherever they are. A digest that an
indicator names is sought everywhere below the root.
Bytes of a path that are not UTF-8 are written \\xhh, two hex digits, and can be queried back in that form.`,
  options: {
    ...huntOptions,
    format: { kind: 'text', value: 'F', choices: formats, default: 'table', doc: 'How rows are written' },
    ...commonOptions,
  },
  examples: [
    ['threecx query "SELECT * FROM threecx_verdict"', 'this host in one row'],
    [
      `threecx query "SELECT path, sha256, verdict FROM threecx_artifacts WHERE path LIKE '/home/%'" --format json`,
      'every artifact below a directory',
    ],
    [`threecx query "SELECT value FROM threecx_indicators WHERE type = 'domain'" --format csv`, 'the C2 domains'],
  ],
  async run(terminal, options, args) {
    const [sql, ...rest] = args
    if (sql === undefined) throw new HunterError('usage', 'a query needs one SQL statement')
    const catalogue = await openForHunt(terminal, options, rest)
    return await closing(catalogue, async () => {
      const { tables, problems } = catalogue.osqueryTables([])
      const database = await openSql([...catalogue.tables, ...tables])
      try {
        const result = await database.query(sql, { signal: terminal.signal })
        const pieces = render(options.format as Format, result.columns, result.rows, terminal.width)
        await writeTo(terminal.stdout, pieces)
        tellTableProblems(problems, terminal)
        return 0
      } catch (cause) {
        if (terminal.signal.aborted || cause instanceof HunterError) throw cause
        throw new HunterError('sql_failed', cause instanceof Error ? cause.message : String(cause), { cause })
      } finally {
        await database.close()
      }
    })
  },
})
