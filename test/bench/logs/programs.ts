/**
 * Programs of the log benchmark that must be built first: our crate without Node around it, and Hyperscan. What cannot be
 * built is said and left out.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { keepMissing } from '../record.ts'

type Say = (line: string) => void

/** The crate as a program (`lines/examples/lines.rs`). */
export function builtCrate(say: Say): string | undefined {
  const workspace = join(import.meta.dirname, '..', '..', '..', 'extension', 'native')
  const args = ['build', '--release', '--locked', '--package', 'lines', '--example', 'lines']
  const built = spawnSync('cargo', args, { cwd: workspace, encoding: 'utf8' })
  if (built.error !== undefined) {
    say('\nNo Rust toolchain was found: the crate alone is left out.')
    return undefined
  }
  if (built.status !== 0) throw new Error(`cannot build examples/lines.rs: ${built.stderr.slice(-2000)}`)
  return join(process.env['CARGO_TARGET_DIR'] ?? join(workspace, 'target'), 'release', 'examples', 'lines')
}

/** The rival in C (`hyperscan.c`). */
export function builtHyperscan(folder: string, say: Say): string | undefined {
  const program = join(folder, 'hyperscan')
  const source = join(import.meta.dirname, 'hyperscan.c')
  const built = spawnSync('cc', ['-O2', '-o', program, source, '-lhs'], { encoding: 'utf8' })
  if (built.status === 0) return program
  const reason = built.error?.message ?? built.stderr.trim().split('\n')[0]
  keepMissing('Hyperscan', `it cannot be built: ${reason}`)
  say(`\nHyperscan cannot be built (Debian: gcc, libhyperscan-dev) and is left out: ${reason}`)
  return undefined
}
