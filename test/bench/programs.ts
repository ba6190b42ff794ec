/** Programs that the benchmark builds: examples of our crates, and rivals in C. Without a toolchain there is none, and that is said and kept. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Say } from './part.ts'
import { keepMissing } from './record.ts'

const workspace = join(import.meta.dirname, '..', '..', 'extension', 'native')

/** The name under which contests have our crates. */
export const crateName = 'threecx-hunter, the crate'

/** An example of a crate as a program; undefined without the example or a Rust toolchain. Throws when it does not compile. */
export function builtExample(crate: string, example: string, say: Say, features: string[] = []): string | undefined {
  if (!existsSync(join(workspace, crate, 'examples', `${example}.rs`))) return undefined
  const args = ['build', '--release', '--locked', '--package', crate, '--example', example]
  const built = spawnSync('cargo', [...args, ...features.flatMap((one) => ['--features', one])], {
    cwd: workspace,
    encoding: 'utf8',
  })
  if (built.error !== undefined) {
    say(`\nNo Rust toolchain was found: ${example} is left out.`)
    keepMissing(crateName, 'no Rust toolchain')
    return undefined
  }
  if (built.status !== 0) throw new Error(`cannot build examples/${example}.rs: ${built.stderr.slice(-2000)}`)
  return join(process.env['CARGO_TARGET_DIR'] ?? join(workspace, 'target'), 'release', 'examples', example)
}

/** What a program in C is linked with, and the Debian package that has it. */
export interface Library {
  readonly flag: string
  readonly debian: string
}

/** A program in C; undefined without a compiler or what it includes. `names` are the contenders that then are missing. */
export function builtC(
  source: string,
  program: string,
  { flag, debian }: Library,
  names: string[],
  say: Say,
): string | undefined {
  const built = spawnSync('cc', ['-O2', '-o', program, source, flag], { encoding: 'utf8' })
  if (built.status === 0) return program
  const reason = built.error?.message ?? built.stderr.trim().split('\n')[0]
  say(`\n${source.split('/').at(-1)} cannot be built (Debian: gcc, ${debian}) and is left out: ${reason}`)
  for (const name of names) keepMissing(name, `no C compiler, or no ${debian}: ${reason}`)
  return undefined
}
