/**
 * Everything that must hold before a commit: format, lint, types, tests (architecture, golden, docs-fresh among them),
 * and the same for the Rust crates. Runs all of it and fails at the end, so that one look shows every problem.
 */
import { spawnSync } from 'node:child_process'

const skipsTests = process.argv.includes('--skip-tests')
const hasCargo = spawnSync('cargo', ['--version'], { stdio: 'ignore' }).status === 0
const manifest = ['--manifest-path', 'extension/native/Cargo.toml']

const steps: readonly (readonly string[])[] = [
  ['biome', 'check', '.'],
  ['tsc', '-p', '.'],
  ...(skipsTests ? [] : [['vitest', 'run']]),
  ...(hasCargo
    ? [
        ['cargo', 'fmt', ...manifest, '--all', '--check'],
        ['cargo', 'clippy', ...manifest, '--workspace', '--all-targets', '--locked', '--', '-D', 'warnings'],
        ['cargo', 'test', ...manifest, '--workspace', '--locked', '--quiet'],
      ]
    : []),
]

if (!hasCargo) console.log('no Rust toolchain found: the checks of extension/native are left out')
const failed = steps.filter((step) => {
  console.log(`\n> ${step.join(' ')}`)
  const [command = '', ...args] = step
  return spawnSync(command, args, { stdio: 'inherit', shell: false }).status !== 0
})
for (const step of failed) console.error(`failed: ${step.join(' ')}`)
process.exitCode = failed.length > 0 ? 1 : 0
