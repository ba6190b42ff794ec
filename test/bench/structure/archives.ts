/**
 * Brings packages to a directory with the ordinary clients (pip, npm, apt-get) and unpacks them there.
 *
 * Nothing of a package is run: only downloads without dependencies and scripts, and unpacking. What is there already is
 * not fetched again. What cannot be had is a sentence in the answer, because a corpus without one package is still one.
 * apt-get works in a state directory of its own, so the machine's packages and architectures stay as they are.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, linkSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Deb, platformTags, type Wheel } from './packages.ts'

/** A package that could not be had, and why. */
export interface Missing {
  readonly name: string
  readonly reason: string
}

/** Where archives go, and the files in them. */
export interface Places {
  readonly downloads: string
  readonly files: string
}

/** Fetches wheels; answers with those that could not be had. */
export function fetchWheels(places: Places, wheels: readonly Wheel[]): Missing[] {
  return wheels.flatMap(({ spec, platform, python = '3.11' }) => {
    const name = `wheel ${spec} for ${platform}, Python ${python}`
    const tags = platformTags[platform].flatMap((tag) => ['--platform', tag])
    const command = ['-q', 'download', '--no-deps', '--only-binary=:all:', '--python-version', python, ...tags]
    return fetchOnce(places, 'wheel', name, 'pip', (into) => [...command, '-d', into, spec])
  })
}

/** Fetches npm packages; answers with those that could not be had. */
export function fetchNpm(places: Places, specs: readonly string[]): Missing[] {
  return specs.flatMap((spec) =>
    fetchOnce(places, 'npm', `npm ${spec}`, 'npm', (into) => [
      'pack',
      spec,
      '--silent',
      '--ignore-scripts',
      '--pack-destination',
      into,
    ]),
  )
}

/** Fetches Debian packages; answers with those that could not be had. */
export function fetchDebs(places: Places, debs: readonly Deb[]): Missing[] {
  const options = aptOptions(join(places.downloads, 'apt'))
  const updated = spawnSync('apt-get', [...options, '-q', 'update'], { encoding: 'utf8' })
  if (updated.error) return [{ name: 'all Debian packages', reason: `cannot run apt-get: ${updated.error.message}` }]
  return debs
    .flatMap((deb) => namesOf(options, deb))
    .flatMap((name) => fetchOnce(places, 'deb', `deb ${name}`, 'apt-get', () => [...options, '-q', 'download', name]))
}

function namesOf(options: readonly string[], { name, including = [] }: Deb): string[] {
  if (including.length === 0) return [name]
  const architecture = name.slice(name.indexOf(':'))
  const flags = ['--recurse', '--no-recommends', '--no-suggests', '--no-conflicts', '--no-breaks', '--no-replaces']
  const { stdout } = spawnSync('apt-cache', [...options, 'depends', ...flags, name], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  const all = stdout
    .split('\n')
    .filter((line) => /^[a-z0-9]/.test(line))
    .map((line) => line.replace(/:.*/, ''))
  const kept = all.filter((one) => including.some((prefix) => one.startsWith(prefix)))
  return [...new Set([name.replace(/:.*/, ''), ...kept])].map((one) => `${one}${architecture}`)
}

/** A state directory of its own: both architectures, nothing installed, the machine's sources. */
function aptOptions(state: string): string[] {
  for (const part of ['lists/partial', 'archives/partial']) mkdirSync(join(state, part), { recursive: true })
  writeFileSync(join(state, 'status'), '')
  const settings = {
    'APT::Architectures': 'amd64,i386',
    'Dir::State': state,
    'Dir::State::status': join(state, 'status'),
    'Dir::Cache': state,
    'APT::Sandbox::User': '',
  }
  return Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`])
}

/** Runs a client in an empty directory and keeps the archive that it brought; a mark says that it was done before. */
function fetchOnce(
  { downloads }: Places,
  client: string,
  name: string,
  program: string,
  arguments_: (into: string) => readonly string[],
): Missing[] {
  const folder = join(downloads, client)
  const mark = join(downloads, 'done', name.replaceAll(/[^\w.@=-]/g, '_'))
  if (existsSync(mark)) return []
  for (const needed of [folder, join(downloads, 'done')]) mkdirSync(needed, { recursive: true })
  const into = join(downloads, 'new')
  rmSync(into, { recursive: true, force: true })
  mkdirSync(into)
  const run = spawnSync(program, arguments_(into), {
    cwd: into,
    encoding: 'utf8',
    timeout: 600_000,
    maxBuffer: 1 << 28,
  })
  const archives = readdirSync(into).filter((file) => /\.(whl|tgz|deb)$/.test(file))
  if (run.error || archives.length === 0) {
    const said = run.error?.message ?? run.stderr.trim().split('\n').at(-1)
    return [{ name, reason: said || `${program} ended with ${run.status} and brought nothing` }]
  }
  for (const archive of archives) renameSync(join(into, archive), join(folder, archive))
  rmSync(into, { recursive: true })
  writeFileSync(mark, `${archives.join('\n')}\n`)
  return []
}

const unpackers: Readonly<Record<string, (archive: string, into: string) => readonly [string, readonly string[]]>> = {
  wheel: (archive, into) => ['unzip', ['-q', '-o', archive, '-d', into]],
  npm: (archive, into) => ['tar', ['-xzf', archive, '-C', into, '--no-same-owner']],
  deb: (archive, into) => ['dpkg-deb', ['-x', archive, into]],
}

/** Unpacks every archive that is not unpacked yet; wheels, which are zip files, also stay whole among the files. */
export function unpackAll({ downloads, files }: Places): Missing[] {
  const missing: Missing[] = []
  for (const [client, unpacker] of Object.entries(unpackers)) {
    const folder = join(downloads, client)
    for (const archive of existsSync(folder) ? readdirSync(folder) : []) {
      const into = join(files, client, archive.replace(/\.(whl|tgz|deb)$/, ''))
      if (client === 'wheel') keepWhole(join(folder, archive), join(files, 'whole'), archive)
      if (existsSync(into)) continue
      const partial = `${into}.partial`
      mkdirSync(partial, { recursive: true })
      const [program, arguments_] = unpacker(join(folder, archive), partial)
      const run = spawnSync(program, arguments_, { encoding: 'utf8' })
      if (run.error || run.status !== 0) {
        missing.push({ name: archive, reason: run.error?.message ?? run.stderr.trim().slice(0, 200) })
        rmSync(partial, { recursive: true, force: true })
        continue
      }
      renameSync(partial, into)
    }
  }
  return missing
}

function keepWhole(archive: string, folder: string, name: string): void {
  mkdirSync(folder, { recursive: true })
  if (!existsSync(join(folder, name))) linkSync(archive, join(folder, name))
}
