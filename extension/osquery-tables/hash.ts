/**
 * osquery's table `hash`: digests of files by path or directory.
 *
 * Only the columns that a query reads are computed. A file that cannot be read is a row without digests, as in osquery,
 * and a problem.
 */
import { type DigestAlgorithm, digestAlgorithms } from '../domain/observable.ts'
import { splitPath } from '../domain/path-text.ts'
import { namedFiles } from './named-files.ts'
import type { OsqueryTable } from './services.ts'

/** The table. */
export const hash: OsqueryTable = {
  name: 'hash',
  async *rows(context, services) {
    const { engine, limits, problems } = services
    const algorithms: DigestAlgorithm[] = digestAlgorithms.filter((one) => context.uses(one))
    for await (const { volume, entry, path, directory } of namedFiles('hash', context, services)) {
      const base = { path, directory: directory ?? splitPath(path).directory }
      const request = { roots: [volume.canonical], classes: [{ algorithms }], ...limits }
      const items = [{ ...entry, expected: entry, classes: [0] }]
      const [result] = algorithms.length === 0 ? [] : await engine.digest({ ...request, items }, context.signal)
      if (result && 'error' in result) {
        problems.add({ table: 'hash', path, code: result.error, message: result.message })
      }
      yield { ...base, ...(result && 'digests' in result ? result.digests : {}) }
    }
  },
}
