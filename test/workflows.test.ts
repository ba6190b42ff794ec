/** GitHub's workflows, which cannot run here: linted, and held to rules that a linter does not know. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import packageFile from '../package.json' with { type: 'json' }
import { targets } from '../scripts/executable/target.ts'
import { actionlint } from './support/actionlint.ts'

interface Step {
  readonly name?: string
  readonly uses?: string
  readonly run?: string
  readonly with?: Readonly<Record<string, unknown>>
  readonly env?: Readonly<Record<string, string>>
}

interface Job {
  readonly uses?: string
  readonly permissions?: Readonly<Record<string, string>>
  readonly environment?: string
  readonly env?: Readonly<Record<string, string>>
  readonly strategy?: { readonly matrix: { readonly include: readonly Readonly<Record<string, string>>[] } }
  readonly steps?: readonly Step[]
  readonly 'timeout-minutes'?: number
}

interface Workflow {
  readonly permissions?: Readonly<Record<string, string>>
  readonly concurrency?: unknown
  readonly jobs: Readonly<Record<string, Job>>
}

const root = join(import.meta.dirname, '..')
const folder = join(root, '.github', 'workflows')
const files = readdirSync(folder).sort()
const textOf = (file: string) => readFileSync(join(folder, file), 'utf8')
const workflowOf = (file: string) => parse(textOf(file)) as Workflow
const jobsOf = (file: string) => Object.entries(workflowOf(file).jobs)
const stepsOf = (file: string) => jobsOf(file).flatMap(([, { steps }]) => steps ?? [])
const program = actionlint()

describe.each(files)('%s', (file) => {
  it.skipIf(!program)(
    `has nothing that actionlint objects to${program ? '' : ' (it is not here: node test/support/actionlint.ts)'}`,
    () => {
      const { status, stdout, stderr } = spawnSync(program ?? '', ['-no-color', join(folder, file)], {
        encoding: 'utf8',
      })
      expect(`${stdout}${stderr}`).toBe('')
      expect(status).toBe(0)
    },
  )

  it('names actions by commit, with the version beside it', () => {
    const lines = textOf(file)
      .split('\n')
      .filter((line) => /\buses:/.test(line) && !line.includes('uses: ./'))
    expect(lines.length).toBeGreaterThan(0)
    for (const line of lines) expect(line).toMatch(/uses: [\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
  })

  it('gives no job more than it says, and nothing by default but reading', () => {
    const { permissions, concurrency, jobs } = workflowOf(file)
    expect(permissions === undefined ? 'everything' : Object.values(permissions).join()).toMatch(/^(read)?$/)
    expect(concurrency).toBeDefined()
    for (const [name, job] of Object.entries(jobs)) {
      if (job.uses === undefined)
        expect([name, job['timeout-minutes'] ?? 360]).toEqual([name, expect.toSatisfy((m: number) => m <= 120)])
      const writes = Object.values(job.permissions ?? {}).includes('write')
      const runsCode = (job.steps ?? []).some(
        ({ uses = '', run = '' }) => uses.includes('checkout') || /\bnp[mx]\b/.test(run),
      )
      expect([name, writes && runsCode]).toEqual([name, false])
    }
  })

  it('puts no expression into a script: values come through the environment', () => {
    for (const { name, run } of stepsOf(file))
      if (run !== undefined) expect([name, run]).not.toEqual([name, expect.stringContaining('${{')])
  })

  it('leaves no token in a checkout', () => {
    const checkouts = stepsOf(file).filter(({ uses }) => uses?.startsWith('actions/checkout@'))
    expect(checkouts.map((step) => step.with?.['persist-credentials'])).toEqual(checkouts.map(() => false))
  })

  it('shows a secret only to the step that needs it, in a job of the protected environment', () => {
    for (const [name, { env = {}, environment, steps = [] }] of jobsOf(file)) {
      for (const value of Object.values(env))
        if (value.includes('secrets.')) expect(value).toMatch(/^\$\{\{ secrets\.\w+ != '' \}\}$/)
      const uses = steps.some((step) => Object.values(step.env ?? {}).some((value) => value.includes('secrets.')))
      if (uses) expect([name, environment]).toEqual([name, 'release'])
    }
    expect(textOf(file)).not.toContain('secrets: inherit')
  })

  it('calls scripts that package.json has, and files that are there', () => {
    const scripts = stepsOf(file).flatMap(({ run = '' }) =>
      [...run.matchAll(/npm run (?:-s )?([\w:-]+)/g)].map(([, name]) => name),
    )
    const known = new Set<string | undefined>(Object.keys(packageFile.scripts))
    expect(scripts.filter((name) => !known.has(name))).toEqual([])
    const named = stepsOf(file).flatMap(({ run = '' }) => run.match(/\b(?:scripts|test)\/[\w./-]+/g) ?? [])
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })
})

describe('the systems of a release', () => {
  const platformsOf = (file: string, job: string) =>
    (workflowOf(file).jobs[job]?.strategy?.matrix.include ?? []).map(({ platform, runner }) => [platform, runner])

  it('are all that an executable can be built for, each on a machine of its own kind', () => {
    const built = platformsOf('release.yml', 'build')
    expect(built.map(([platform]) => platform).sort()).toEqual(targets.map(({ platform }) => platform).sort())
    expect(new Set(built.map(([, runner]) => runner)).size).toBe(built.length)
  })

  it('are the ones that are tested', () => {
    expect(platformsOf('ci.yml', 'test')).toEqual(platformsOf('release.yml', 'build'))
  })
})
