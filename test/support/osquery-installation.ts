/**
 * An osquery installation in a temporary directory: executable, load file, flags file, a socket that answers.
 *
 * Everything in it is right until a test breaks it. Short names, because a socket's path is bounded.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { programHere } from './program-file.ts'

/** Paths of the installation. */
export interface Installation {
  readonly root: string
  readonly program: string
  readonly loadFile: string
  readonly flagsFile: string
  readonly socket: string
  readonly state: string
  /** Arguments that point a command at it. */
  readonly where: readonly string[]
  /** Writes the flags file: the two flags that point here, and more lines. */
  writeFlags(...more: readonly string[]): void
  close(): Promise<void>
}

/** Makes one. */
export async function installOsquery(): Promise<Installation> {
  const root = mkdtempSync(join(tmpdir(), '3cx-'))
  const at = (...names: string[]) => join(root, ...names)
  for (const directory of ['bin', 'etc', 'run']) mkdirSync(at(directory), { mode: 0o755 })
  mkdirSync(at('state'), { mode: 0o700 })
  const paths = {
    root,
    program: at('bin', 'threecx_hunter.ext'),
    loadFile: at('etc', 'extensions.load'),
    flagsFile: at('etc', 'osquery.flags'),
    socket: at('run', 'osquery.em'),
    state: at('state'),
  }
  writeFileSync(paths.program, programHere(), { mode: 0o755 })
  writeFileSync(paths.loadFile, `# extensions of this host\n${paths.program}\n`, { mode: 0o644 })
  const writeFlags = (...more: readonly string[]) => {
    const lines = [`--extensions_autoload=${paths.loadFile}`, `--extensions_socket=${paths.socket}`, ...more]
    writeFileSync(paths.flagsFile, `${lines.join('\n')}\n`)
  }
  writeFlags('--extensions_timeout=10')
  const server = createServer((connection) => connection.destroy())
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(paths.socket, resolve))
  return {
    ...paths,
    where: ['--load-file', paths.loadFile, '--flags-file', paths.flagsFile],
    writeFlags,
    async close() {
      await new Promise((resolve) => server.close(resolve))
      rmSync(root, { recursive: true })
    },
  }
}
