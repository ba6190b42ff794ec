/**
 * The linter of GitHub's workflows; `node test/support/actionlint.ts` builds it with Go into a cache outside the repository.
 *
 * A program of that name on the path comes first. It checks what nobody can run here: expressions, contexts, labels of
 * runners, inputs of actions, and with shellcheck on the path the scripts of steps.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { hasProgram } from './servers/server-process.ts'

const version = '1.7.12'
const place = join(
  process.env['THREECX_TEST_CACHE'] ?? join(homedir(), '.cache', 'threecx-hunter-tests'),
  `actionlint-${version}`,
)
const built = join(place, process.platform === 'win32' ? 'actionlint.exe' : 'actionlint')

/** The program, or undefined where there is none. */
export function actionlint(): string | undefined {
  if (hasProgram('actionlint')) return 'actionlint'
  return existsSync(built) ? built : undefined
}

/** Builds it in its pinned version, which Go's checksum database vouches for. */
function install(): void {
  if (existsSync(built)) return
  const parent = join(place, '..')
  mkdirSync(parent, { recursive: true })
  const scratch = mkdtempSync(join(parent, '.building-'))
  try {
    execFileSync('go', ['install', `github.com/rhysd/actionlint/cmd/actionlint@v${version}`], {
      env: { ...process.env, GOBIN: scratch },
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    renameSync(scratch, place)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

if (import.meta.main) install()
