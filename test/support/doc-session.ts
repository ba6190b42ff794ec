/**
 * A reader at a shell: runs the tested blocks of a page in one bash, in an empty directory, with `threecx` of this tree.
 *
 * Pages keep everything below /tmp/threecx; here that is a directory of the test's own. `npm run` works on the tree.
 */
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { launcher } from './command.ts'
import { type Block, blocksOf, commandsOf } from './doc-page.ts'

const root = join(import.meta.dirname, '..', '..')
/** Where the pages keep what they make. */
const shown = '/tmp/threecx'

/** One command, as it was meant to end and as it ended. */
export interface Played {
  readonly command: string
  readonly expected: number
  readonly exit: number
  readonly output: string
  /** Lines that the page shows of the whole block, on its last command. */
  readonly promised: readonly string[]
}

/** Runs a page with a state directory, which pages may share; resolves to its commands in order. */
export async function playPage(page: string, state: string): Promise<readonly Played[]> {
  const place = mkdtempSync(join(tmpdir(), 'threecx-page-'))
  const here = (text: string) => text.replaceAll(shown, place)
  try {
    mkdirSync(join(place, 'bin'))
    writeFileSync(join(place, 'bin', 'threecx'), `#!/bin/sh\nexec "${process.execPath}" "${launcher}" "$@"\n`)
    chmodSync(join(place, 'bin', 'threecx'), 0o755)
    const played: Played[] = []
    const blocks = blocksOf(page)
    for (const [index, block] of blocks.entries()) {
      const file = block.words.find((word) => word.startsWith('file='))?.slice('file='.length)
      if (file !== undefined) {
        mkdirSync(dirname(here(file)), { recursive: true })
        writeFileSync(here(file), `${here(block.text)}\n`)
      }
      if (block.language !== 'sh' || !block.words.includes('tested')) continue
      const results = await runBlock({ ...block, text: here(block.text) }, place, state)
      const next = blocks[index + 1]
      const promised = next?.words.includes('output') ? here(next.text).split('\n') : []
      const whole = results.map(({ output }) => output).join('\n')
      results.forEach((result, at) => {
        played.push({ ...result, promised: [], ...(at === results.length - 1 ? { promised, output: whole } : {}) })
      })
    }
    return played
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

/** The first promised line that is not there; undefined when all are, in order. Runs of spaces count as one. */
export function missingLine({ output, promised }: Played): string | undefined {
  const lines = output.split('\n').map(squeezed)
  let from = 0
  for (const promise of promised) {
    const parts = squeezed(promise).split('…')
    if (parts.every((part) => part.trim() === '')) continue
    const at = lines.findIndex((line, index) => index >= from && holds(line, parts))
    if (at < 0) return promise
    from = at + 1
  }
  return undefined
}

function squeezed(line: string): string {
  return line.replace(/\s+/g, ' ').trim()
}

function holds(line: string, parts: readonly string[]): boolean {
  let from = 0
  for (const part of parts) {
    const at = line.indexOf(part.trim(), from)
    if (at < 0) return false
    from = at + part.trim().length
  }
  return true
}

async function runBlock(block: Block, place: string, state: string): Promise<Omit<Played, 'promised'>[]> {
  const commands = commandsOf(block).map((line) => {
    const [, command = line, code = '0'] = /^(.*?)\s+# exits with (\d+)$/.exec(line) ?? []
    return { command, expected: Number(code) }
  })
  const script = [
    `npx() { "$@"; }`,
    `npm() { (cd '${root}' && command npm "$@"); }`,
    ...commands.map(({ command }) => `${command}\nprintf '\\n\\036%s\\n' "$?"`),
  ].join('\n')
  const child = spawn('bash', ['-c', `exec 2>&1\n${script}`], {
    cwd: place,
    env: { ...process.env, PATH: `${join(place, 'bin')}:${process.env['PATH']}`, THREECX_STATE: state },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  await new Promise<void>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => resolve())
  })
  const pieces = said.split('\u001e')
  return commands.map(({ command, expected }, at) => ({
    command,
    expected,
    exit: Number((pieces[at + 1] ?? '-1').split('\n')[0]),
    output: (pieces[at] ?? '').replace(/^\d+\n/, '').trimEnd(),
  }))
}
