/**
 * Lists of settled files through kill -9, torn writes and forgery: the next pass believes a whole earlier list or none, a
 * file that changed is always looked at, and nothing piles up beside the lists.
 */
import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as passed } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadNative } from '../../extension/native/native.ts'
import { portableEngine } from '../../extension/native/portable/index.ts'
import type { Logger } from '../../extension/runtime/log.ts'
import { openSettledStore } from '../../extension/sweep/settled-store.ts'
import { HuntedTree, indicator } from '../support/hunted-tree.ts'
import type { SettledTask } from '../support/settled-process.ts'
import { planOf, selectedOf, walkAll } from './native/ask.ts'

const loaded = loadNative()
const quiet = { warn: () => {} } as unknown as Logger
const scope = 'a'.repeat(64)
const later = () => Date.now() + 3_600_000
/** Kills in each test; THREECX_KILLS asks for more. */
const kills = Number(process.env['THREECX_KILLS'] ?? 8)

let directory: string
let tree: string
let state: string

beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'threecx-crash-')))
  tree = join(directory, 'tree')
  state = join(directory, 'state')
  for (const one of ['a', 'b']) mkdirSync(join(tree, one), { recursive: true })
  mkdirSync(state)
})

afterEach(() => rmSync(directory, { recursive: true }))

/** Numbers between 0 and 1, the same in each run. */
function* chances(): Generator<number, never> {
  for (let at = 1; ; at++) yield createHash('sha256').update(`${at}`).digest().readUInt32LE() / 2 ** 32
}

/** Runs the process and kills it so many milliseconds, at most, after one of its first beginnings. */
async function killed(task: SettledTask, beginnings: number, afterMs: number): Promise<void> {
  const child = fork(join(import.meta.dirname, '..', 'support', 'settled-process.ts'), [JSON.stringify(task)])
  for (let at = 0; at < beginnings; at++) await begun(child)
  await passed(afterMs) // where the kill meets it is what is tried; nothing is expected of it by then
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
}

async function begun(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve())
    child.once('exit', (code) => reject(new Error(`the process ended by itself: ${code}`)))
  })
}

describe.skipIf('problem' in loaded)('lists of settled files', () => {
  const engine = 'problem' in loaded ? portableEngine() : loaded

  /** Paths that a walk with the list hands over. */
  async function handed(list: string, of = scope): Promise<string[]> {
    const settled = await engine.settled(list, of, later())
    return Object.keys(selectedOf(await walkAll(engine, planOf(tree, settled && { settled }))))
  }

  it('are whole after a kill at any moment of their keeping, and know no file that changed', async () => {
    const list = join(state, 'settled-0')
    const files = Array.from({ length: 3000 }, (_, at) => `${at % 2 === 0 ? 'a' : 'b'}/${at}`)
    for (const file of files) writeFileSync(join(tree, file), file)
    const steady = files.slice(kills)
    const lists = [[], steady, steady.filter((file) => file.startsWith('a/'))].map((one) => one.sort().join())
    const chance = chances()
    const met = { torn: 0, known: new Set<number>() }
    for (let round = 0; round < kills; round++) {
      await killed(
        { kind: 'lists', tree, list, scope },
        1 + Math.floor(chance.next().value * 4),
        chance.next().value * 12,
      )
      const beside = readdirSync(state).filter((name) => name !== 'settled-0')
      met.torn += beside.length
      for (const name of beside) rmSync(join(state, name))
      const changed = files[round] ?? ''
      writeFileSync(join(tree, changed), `changed ${round}`)
      const over = new Set(await handed(list)) // would reject for a list that is not whole
      expect(over).toContain(changed)
      met.known.add(
        lists.indexOf(
          steady
            .filter((file) => !over.has(file))
            .sort()
            .join(),
        ),
      )
    }
    expect(met.known).not.toContain(-1)
    // Else no kill came while a list was written, and the test shows nothing.
    if (kills >= 8) expect(met.torn + met.known.size).toBeGreaterThan(1)
  })

  it('change nothing of what the next hunt finds, wherever the one before was killed', async () => {
    const contents = Array.from({ length: 300 }, (_, at) => `content ${at}`)
    for (const [at, content] of contents.entries()) writeFileSync(join(tree, at % 2 ? 'a' : 'b', `${at}`), content)
    const sha256 = (content: string) => createHash('sha256').update(content).digest('hex')
    const sought = [...contents.slice(0, 20), ...Array.from({ length: kills }, (_, at) => `new ${at}`)].map(sha256)
    const hunted = new HuntedTree(engine, tree, state)
    const chance = chances()
    for (let round = 0; round < kills; round++) {
      await killed({ kind: 'hunts', tree, state, sought }, 1 + (round % 3), chance.next().value * 120)
      writeFileSync(join(tree, 'a', `${2 * round + 101}`), `new ${round}`)
      const indicators = sought.map((value) => indicator('sha256', value))
      const plain = await hunted.hunt(indicators, false)
      expect(plain.found.length).toBe(20 + round + 1)
      expect((await hunted.hunt(indicators, true)).found).toEqual(plain.found)
      expect((await hunted.hunt(indicators, true)).found).toEqual(plain.found)
      expect(readdirSync(state).filter((name) => name.endsWith('.new'))).toEqual([])
    }
  })

  describe('that something else wrote to', () => {
    const files = ['a/1', 'a/2', 'b/3']
    const store = () => openSettledStore(state, quiet)
    const lists = () => readdirSync(state).filter((name) => name.startsWith('settled-'))

    /** A walk as a hunt takes it: with what the store says. */
    async function handedByStore(): Promise<string[]> {
      const { files: settled } = await store().open(engine, tree, 1, later())
      return Object.keys(selectedOf(await walkAll(engine, planOf(tree, settled && { settled }))))
    }

    /** Keeps a list of all files; its path and bytes. */
    async function kept(): Promise<{ path: string; bytes: Buffer }> {
      for (const file of files) writeFileSync(join(tree, file), file)
      const before = new Set(lists())
      const pass = await store().open(engine, tree, 1, later())
      const { entries } = await walkAll(engine, planOf(tree, pass.files && { settled: pass.files }))
      pass.files?.settle(entries)
      await pass.keep(true)
      expect(await handedByStore()).toEqual([])
      const path = join(state, lists().filter((name) => !before.has(name))[0] ?? '')
      return { path, bytes: readFileSync(path) }
    }

    it('are not believed: any byte changed, any length, or nothing in them', async () => {
      const { path, bytes } = await kept()
      for (let at = 0; at < bytes.length; at++) {
        const bad = Buffer.from(bytes)
        bad.writeUInt8(bad.readUInt8(at) ^ (1 << (at % 8)), at)
        for (const content of [bad, bytes.subarray(0, at)]) {
          writeFileSync(path, content)
          expect(await handedByStore(), `byte ${at}`).toEqual(files)
        }
      }
      for (const content of [Buffer.concat([bytes, bytes]), Buffer.alloc(bytes.length), randomLike(bytes.length)]) {
        writeFileSync(path, content)
        expect(await handedByStore()).toEqual(files)
      }
      expect(lists().length).toBeLessThanOrEqual(2) // the list, and the last that was set aside
    })

    it('are not believed: a directory, a FIFO or a link in their place', async () => {
      const { path, bytes } = await kept()
      writeFileSync(join(directory, 'elsewhere'), bytes.subarray(1))
      const others = [
        () => mkdirSync(path),
        () => spawnSync('mkfifo', [path]),
        () => symlinkSync(path, path),
        () => symlinkSync(join(directory, 'elsewhere'), path),
      ]
      for (const make of others) {
        rmSync(path, { recursive: true, force: true })
        rmSync(`${path}.damaged`, { recursive: true, force: true })
        make()
        expect(await handedByStore()).toEqual(files)
      }
    })

    it('are not believed for another tree, though its files are called the same', async () => {
      const { path } = await kept()
      const list = readFileSync(path)
      tree = join(directory, 'other')
      for (const one of ['a', 'b']) mkdirSync(join(tree, one), { recursive: true })
      const other = await kept()
      expect(other.path).not.toBe(path)
      writeFileSync(other.path, list)
      expect(await handedByStore()).toEqual(files)
    })

    it('mean nothing under another key, even when their digest is right', async () => {
      const { path, bytes } = await kept()
      const forged = Buffer.from(bytes)
      forged.fill(7, 8 + 32, 8 + 32 + 16)
      createHash('sha256')
        .update(forged.subarray(0, -32))
        .digest()
        .copy(forged, forged.length - 32)
      writeFileSync(path, forged)
      expect(await handedByStore()).toEqual(files)
    })
  })
})

function randomLike(length: number): Buffer {
  return Buffer.concat(Array.from({ length: 9 }, (_, at) => createHash('sha256').update(`${at}`).digest())).subarray(
    0,
    length,
  )
}
