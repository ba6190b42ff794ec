/**
 * `npm run fuzz [-- TARGET [SECONDS]]`: the decoders (TypeScript), the readers of containers and hives and the lanes of
 * digests (Rust) against mutated files, for as long as somebody wants to wait; a minute each unless told.
 *
 * The Rust targets are built with coverage and the address sanitizer, which needs a nightly toolchain; without one they
 * are left out and that is said. A file that breaks something is kept, and the run ends with exit code 1.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { examinationBounds, examined } from '../support/examined.ts'
import { memoryFile } from '../support/memory-file.ts'
import { generator, mutated } from './mutation.ts'
import { decoderSeeds, nativeSeeds } from './seeds.ts'

const [target = 'all', time = '60'] = process.argv.slice(2)
const targets = ['decoders', ...Object.keys(nativeSeeds)]
const seconds = Number(time)
if ((target !== 'all' && !targets.includes(target)) || !Number.isInteger(seconds) || seconds < 1) {
  console.error(`usage: npm run fuzz -- [all|${targets.join('|')}] [SECONDS]`)
  process.exit(2)
}
const work = mkdtempSync(join(tmpdir(), 'threecx-fuzz-'))
let failures = 0
for (const one of target === 'all' ? targets : [target]) {
  if (one === 'decoders') await decoders()
  else native(one)
}
process.exitCode = failures > 0 ? 1 : 0

async function decoders(): Promise<void> {
  const seeds = decoderSeeds()
  const seed = Date.now() >>> 0
  const next = generator(seed)
  const until = performance.now() + seconds * 1000
  let runs = 0
  for (; performance.now() < until && failures === 0; runs++) {
    const planned = seeds[next(seeds.length)]
    if (!planned) return
    const path = `/${planned.path}`
    const bytes = mutated(planned.bytes, next)
    const file = memoryFile(bytes)
    try {
      await examined(path, bytes, file)
      const bounds = examinationBounds(path, bytes)
      if (file.bytesRead > bounds.bytes)
        throw new Error(`${file.bytesRead} bytes read; expected ${bounds.bytes} at most`)
    } catch (error) {
      failures++
      const kept = join(work, `decoders-${seed}-${runs}`)
      writeFileSync(kept, bytes)
      console.error(`decoders: ${kept}, taken as ${path}:`, error)
    }
  }
  console.log(`decoders: ${runs} files, seed ${seed}, ${failures === 0 ? 'nothing broke' : 'broken'}`)
}

function native(name: string): void {
  const corpus = join(work, name)
  mkdirSync(corpus)
  for (const [at, bytes] of (nativeSeeds[name] ?? []).entries()) writeFileSync(join(corpus, `seed-${at}`), bytes)
  const program = built(name)
  if (program === undefined) return
  const limits = [`-max_total_time=${seconds}`, '-max_len=65536', '-timeout=20', '-rss_limit_mb=2048']
  const options = { encoding: 'utf8', maxBuffer: 1 << 28 } as const
  const run = spawnSync(program, [corpus, ...limits, `-artifact_prefix=${work}/${name}-`], options)
  const ended = /Done (\d+) runs/.exec(run.stderr)?.[1]
  if (run.status === 0) {
    console.log(`${name}: ${ended} runs, nothing broke`)
    return
  }
  failures++
  console.error(`${name}: exit ${run.status}; what broke it is in ${work}\n${run.stderr.slice(-4000)}`)
}

/** The program of a target, with coverage for the fuzzer; undefined where it cannot be built. */
function built(name: string): string | undefined {
  const folder = join(import.meta.dirname, '..', '..', 'extension', 'native', 'fuzz')
  const triple = /host: (\S+)/.exec(spawnSync('rustc', ['+nightly', '-vV'], { encoding: 'utf8' }).stdout ?? '')?.[1]
  if (triple === undefined) {
    console.log(`${name}: left out, there is no nightly Rust toolchain`)
    return undefined
  }
  const coverage = ['level=4', 'inline-8bit-counters', 'pc-table', 'trace-compares']
  const flags = [
    '--cfg fuzzing -Cpasses=sancov-module -Zsanitizer=address',
    ...coverage.map((one) => `-Cllvm-args=-sanitizer-coverage-${one}`),
  ]
  const env: NodeJS.ProcessEnv = { ...process.env, RUSTFLAGS: flags.join(' ') }
  const args = ['+nightly', 'build', '--release', '--target', triple, '--bin', name]
  const build = spawnSync('cargo', args, { cwd: folder, env, encoding: 'utf8' })
  if (build.status !== 0) throw new Error(`cannot build the fuzz target ${name}: ${build.stderr.slice(-2000)}`)
  return join(process.env['CARGO_TARGET_DIR'] ?? join(folder, 'target'), triple, 'release', name)
}
