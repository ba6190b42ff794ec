/**
 * `npm run sbom`: the bill of materials of the single executable, CycloneDX 1.5 in JSON.
 *
 * `--file` names the executable (default: the one of this platform in dist/), `--out` the document.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { host, targetOf } from './executable/target.ts'
import { type Bill, billOf, type NpmBill } from './packaging/bill-of-materials.ts'
import { type Contents, contentsOf } from './packaging/contents.ts'
import { cratesOfAddon } from './packaging/crates.ts'
import { epochOf, sha256Of } from './packaging/job.ts'

const root = join(import.meta.dirname, '..')

/** Describes an executable. */
export function describeExecutable(file: string, env: NodeJS.ProcessEnv): Bill {
  const contents = contentsOf(file)
  return billOf({
    contents,
    sha256: sha256Of(file),
    npm: askNpm(),
    crates: cratesOfAddon(contents, root),
    nodeParts: partsOfNode(contents),
    epoch: epochOf(root, env),
  })
}

/** What npm knows of the packages in the lock file. Nothing is fetched. */
function askNpm(): NpmBill {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only']
  const npm = process.env['npm_execpath']
  const options = { cwd: root, encoding: 'utf8', timeout: 120_000, maxBuffer: 2 ** 26 } as const
  const ended = npm
    ? spawnSync(process.execPath, [npm, ...args], options)
    : spawnSync('npm', args, { ...options, shell: process.platform === 'win32' })
  if (ended.status !== 0) {
    throw new Error(`npm sbom failed; it comes with npm 10.2: ${(ended.error?.message ?? ended.stderr).trim()}`)
  }
  return JSON.parse(ended.stdout) as NpmBill
}

/** Only the runtime that runs this can be asked. */
function partsOfNode({ node }: Contents): Readonly<Record<string, string | undefined>> {
  return node.version === process.versions.node ? process.versions : {}
}

if (import.meta.main) {
  try {
    const { values } = parseArgs({
      options: {
        file: { type: 'string', default: join(root, 'dist', targetOf(host).output) },
        out: { type: 'string', default: join(root, 'dist', 'threecx_hunter.cdx.json') },
      },
    })
    const bill = describeExecutable(values.file, process.env)
    mkdirSync(dirname(values.out), { recursive: true })
    writeFileSync(values.out, `${JSON.stringify(bill, null, 2)}\n`)
    console.log(`${relative(process.cwd(), values.out)}: ${bill.components.length} components`)
  } catch (error) {
    console.error(`sbom: ${error instanceof Error ? error.message : error}`)
    process.exitCode = 1
  }
}
