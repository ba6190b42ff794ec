/**
 * `npm run provenance`: an in-toto statement about everything in a release directory, unsigned.
 *
 * `--dir` is the directory (default dist/), `--out` the statement (default provenance.intoto.json in it), `--source`
 * where the commit can be had, `--builder` and `--invocation` who built in which run. Run it after `npm run package` and
 * `npm run sbom`, before `npm run checksums`.
 */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import packageFile from '../package.json' with { type: 'json' }
import { artefactsIn, provenanceName } from './packaging/artefacts.ts'
import { contentsOf } from './packaging/contents.ts'
import { sha256Of } from './packaging/job.ts'
import { statementOf } from './packaging/provenance.ts'

const root = join(import.meta.dirname, '..')

/** Files that pin everything that is not in the commit. */
const lockFiles = ['package-lock.json', 'extension/native/Cargo.lock']

/** Runs git in the repository. */
function git(...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync('git', args, { cwd: root, encoding: 'utf8' })
  if (status === 0) return stdout.trim()
  throw new Error(
    `git ${args[0]} failed: ${(error?.message ?? stderr).trim()}; provenance wants the commit it comes from`,
  )
}

function main(): void {
  const { values } = parseArgs({
    options: {
      dir: { type: 'string', default: join(root, 'dist') },
      out: { type: 'string' },
      source: { type: 'string', default: `pkg:generic/${packageFile.name}@${packageFile.version}` },
      builder: { type: 'string', default: 'urn:threecx-hunter:builder:local' },
      invocation: { type: 'string' },
    },
  })
  const out = values.out ?? join(values.dir, provenanceName)
  const subjects = artefactsIn(
    values.dir,
    (name) => join(values.dir, name) !== out && !name.endsWith('.ext.json') && !name.endsWith('.exe.json'),
  )
  const executables = subjects.filter(({ name }) => /\.ext(\.exe)?$/.test(name))
  const statement = statementOf({
    subjects,
    executables: executables.map(({ name }) => contentsOf(join(values.dir, name))),
    commit: git('rev-parse', 'HEAD'),
    isChanged: git('status', '--porcelain', '--untracked-files=no') !== '',
    locks: lockFiles.map((path) => ({ path, sha256: sha256Of(join(root, path)) })),
    source: values.source,
    builder: values.builder,
    invocation: values.invocation,
  })
  writeFileSync(out, `${JSON.stringify(statement, null, 2)}\n`)
  console.log(`${relative(process.cwd(), out)}: ${subjects.length} subjects, not signed`)
}

if (import.meta.main) {
  try {
    main()
  } catch (error) {
    console.error(`provenance: ${error instanceof Error ? error.message : error}`)
    process.exitCode = 1
  }
}
