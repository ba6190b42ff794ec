/**
 * Opening the store: alone, private, of this version, and in any case of damage.
 */
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStore, storeFileName } from '../../../daemon/store/open-store.ts'
import type { Store, StorePart } from '../../../daemon/store/store.ts'
import { HunterError } from '../../../extension/domain/errors.ts'

const schedule: StorePart = {
  name: 'schedule',
  schema: `
    CREATE TABLE IF NOT EXISTS schedule_query (name TEXT PRIMARY KEY, due INTEGER NOT NULL, note BLOB) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS schedule_run (id INTEGER PRIMARY KEY, name TEXT NOT NULL, seconds REAL, bytes BLOB);
    CREATE INDEX IF NOT EXISTS schedule_run_name ON schedule_run (name);
  `,
  salvage: 'rows',
}
const results: StorePart = {
  name: 'results',
  schema: 'CREATE TABLE IF NOT EXISTS results_row (query TEXT, row BLOB);',
  salvage: 'drop',
}
const parts = [schedule, results]

let directory: string
let path: string
const warnings: { readonly fields: Readonly<Record<string, unknown>>; readonly message: string }[] = []
const log = {
  warn: (fields: Readonly<Record<string, unknown>>, message: string) => void warnings.push({ fields, message }),
}
const open = (with_: readonly StorePart[] = parts): Store => openStore(directory, with_, log)

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-store-'))
  path = join(directory, storeFileName)
  warnings.length = 0
})
afterEach(() => {
  chmodSync(directory, 0o700)
  rmSync(directory, { recursive: true, force: true })
})

function fill(store: Store, count: number): void {
  store.transaction(() => {
    const query = store.database.prepare('INSERT INTO schedule_query VALUES (?, ?, ?)')
    const run = store.database.prepare('INSERT INTO schedule_run (name, seconds, bytes) VALUES (?, ?, ?)')
    for (let at = 0; at < count; at++) {
      query.run(`query ${at}`, at * 1000, at % 2 === 0 ? null : new Uint8Array(at))
      run.run(`query ${at}`, at / 4, new Uint8Array((at * 53) % 9_000).fill(at))
    }
    store.database.prepare('INSERT INTO results_row VALUES (?, ?)').run('a', new Uint8Array(9))
  })
}

function rowsOf(store: Store, table: string): unknown[] {
  return store.database
    .prepare(`SELECT * FROM ${table} ORDER BY 1`)
    .all()
    .map((row) => Object.values(row))
}

describe('a transaction', () => {
  it('takes everything back when its work throws, and tells who waits for its end', () => {
    const store = open()
    const ends: boolean[] = []
    const work = () => {
      store.atEnd((isDurable) => void ends.push(isDurable))
      fill(store, 3)
      throw new RangeError('no')
    }
    expect(() => store.transaction(work)).toThrow(RangeError)
    expect(rowsOf(store, 'schedule_run')).toEqual([])
    store.transaction(() => {
      store.atEnd((isDurable) => void ends.push(isDurable))
      expect(ends).toEqual([false])
    })
    expect(ends).toEqual([false, true])
    store.close()
  })

  it('joins the one around it, and cannot be committed once a joined one threw', () => {
    const store = open()
    const joined = () => {
      store.transaction(() => fill(store, 2))
      try {
        store.transaction(() => {
          throw new RangeError('inner')
        })
      } catch {
        // swallowed: half of the work must not become durable
      }
    }
    expect(() => store.transaction(joined)).toThrow('inner')
    expect(rowsOf(store, 'schedule_run')).toEqual([])
    expect(store.transaction(() => store.transaction(() => 7))).toBe(7)
    store.close()
  })

  it('refuses work that is not done when it returns', () => {
    const store = open()
    expect(() => store.transaction(() => Promise.resolve())).toThrow(TypeError)
    store.close()
  })
})

describe('the file', () => {
  it('is private, and marked as ours with its version', () => {
    const store = open()
    fill(store, 1)
    const files = readdirSync(directory).filter((name) => name.startsWith(storeFileName))
    expect(files).toContain(`${storeFileName}-wal`)
    for (const name of files) expect([name, statSync(join(directory, name)).mode & 0o777]).toEqual([name, 0o600])
    store.close()
    const database = new DatabaseSync(path)
    expect(database.prepare('PRAGMA application_id').get()).toEqual({ application_id: 0x33435848 })
    expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: 1 })
    database.close()
  })

  it('of a newer version is refused and left as it is', () => {
    open().close()
    const database = new DatabaseSync(path)
    database.exec("PRAGMA user_version = 7; UPDATE store_identity SET record = 'not for us to read'")
    database.close()
    const before = readFileSync(path)
    expect(() => open()).toThrow(/newer version \(state version 7\); expected version 1 or older\. Install the newer/)
    expect(() => open()).toThrow(HunterError)
    expect(readFileSync(path).subarray(100).equals(before.subarray(100))).toBe(true)
    expect(existsSync(`${path}.damaged-1`)).toBe(false)
  })

  it('whose header alone claims a newer version is damaged, and starts', () => {
    const store = open()
    fill(store, 5)
    store.close()
    const bytes = readFileSync(path)
    bytes.writeUInt32BE(0x40000001, 60)
    writeFileSync(path, bytes)
    const again = open()
    expect(again.damage?.found).toContain('version')
    expect(rowsOf(again, 'schedule_run')).toHaveLength(5)
    again.close()
  })

  it('of another program is refused and left as it is', () => {
    const other = new DatabaseSync(path)
    other.exec('PRAGMA application_id = 252006673; CREATE TABLE theirs (a)')
    other.close()
    expect(() => open()).toThrow(/belongs to another program/)
    expect(existsSync(path)).toBe(true)
  })

  it('is made again in a directory that is there, and says what is wrong with one that is not', () => {
    rmSync(directory, { recursive: true })
    expect(() => open()).toThrow(/cannot lock .*: the directory is missing/)
    writeFileSync(directory, '')
    expect(() => open()).toThrow(/cannot lock .*: a part of the path is no directory/)
    expect(() => open()).toThrow(HunterError)
  })
})

describe('a second daemon', () => {
  it('is refused while the first lives, and not by what a killed one left', async () => {
    const program = `
      import { openStore } from ${JSON.stringify(join(import.meta.dirname, '../../../daemon/store/open-store.ts'))}
      openStore(${JSON.stringify(directory)}, [], { warn() {} })
      console.log('open')
      setInterval(() => {}, 1000)`
    const first = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = new Promise((resolve) => first.on('close', resolve))
    await new Promise((resolve, reject) => {
      first.stdout.once('data', resolve)
      first.once('close', () => reject(new Error('the first daemon ended')))
    })
    expect(() => open()).toThrow(/another daemon is using it .*Stop the other/)
    first.kill('SIGKILL')
    await ended
    open().close()
    expect(warnings).toEqual([])
  })

  it('in the same process is refused as well', () => {
    const store = open()
    expect(() => open()).toThrow(/another daemon is using it/)
    store.close()
    open().close()
  })

  it('is not kept out by a lock file that holds something', () => {
    writeFileSync(`${path}-lock`, 'something that is no database. '.repeat(40))
    open().close()
  })
})

describe('damage', () => {
  it('of a page costs rows tables the rows of that page, and drop tables everything', () => {
    const store = open()
    fill(store, 200)
    const queries = rowsOf(store, 'schedule_query')
    const runs = rowsOf(store, 'schedule_run')
    store.close()
    const bytes = readFileSync(path)
    const victim = bytes.lastIndexOf(Buffer.from('query 77'))
    const page = Math.floor(victim / 4096)
    bytes.fill(0xff, page * 4096, page * 4096 + 200)
    writeFileSync(path, bytes)
    const again = open()
    expect(again.damage).toMatchObject({ keptAs: `${path}.damaged-1`, dropped: ['results'] })
    expect(warnings.map(({ message }) => message)).toEqual([
      'the state of the daemon was damaged; what could be read was carried over',
    ])
    const kept = rowsOf(again, 'schedule_query')
    const keptRuns = rowsOf(again, 'schedule_run')
    for (const row of kept) expect(queries).toContainEqual(row)
    for (const row of keptRuns) expect(runs).toContainEqual(row)
    expect(kept.length + keptRuns.length).toBeLessThan(400)
    expect(kept.length + keptRuns.length).toBeGreaterThan(200)
    expect(again.damage?.carried).toEqual({ schedule_query: kept.length, schedule_run: keptRuns.length })
    expect(rowsOf(again, 'results_row')).toEqual([])
    again.close()
    expect(open().damage).toBeUndefined()
  })

  it('of the page above the leaves, or of the list of tables, loses no row by rowid', () => {
    for (const victim of ['schedule_run', 'sqlite_schema']) {
      const store = open()
      fill(store, 200)
      const runs = rowsOf(store, 'schedule_run')
      const root =
        store.database.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(victim)?.['rootpage'] ?? 1
      store.close()
      const bytes = readFileSync(path)
      bytes.fill(0, (Number(root) - 1) * 4096, Number(root) * 4096)
      writeFileSync(path, bytes)
      const again = open()
      expect(again.damage?.carried).toMatchObject({ schedule_run: 200 })
      expect(rowsOf(again, 'schedule_run')).toEqual(runs)
      again.close()
      rmSync(path)
    }
  })

  it('of an index alone loses no row', () => {
    const store = open()
    fill(store, 200)
    const runs = rowsOf(store, 'schedule_run')
    const root = Number(
      store.database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'schedule_run_name'").get()?.['rootpage'],
    )
    store.close()
    const bytes = readFileSync(path)
    bytes.fill(0, (root - 1) * 4096, root * 4096)
    writeFileSync(path, bytes)
    const again = open()
    expect(again.damage).toBeDefined()
    expect(rowsOf(again, 'schedule_run')).toEqual(runs)
    again.close()
  })

  it('of the name of a table does not make a second one', () => {
    const store = open()
    fill(store, 3)
    store.close()
    const bytes = readFileSync(path)
    for (let at = bytes.indexOf('schedule_run'); at >= 0; at = bytes.indexOf('schedule_run', at + 1)) bytes[at] = 0x74
    writeFileSync(path, bytes)
    const again = open()
    expect(again.damage?.found).toMatch(/table .* is missing/)
    again.close()
  })

  it('met while the store is used makes the next open look at everything', () => {
    const store = open()
    fill(store, 200)
    store.close()
    const again = open()
    const bytes = readFileSync(path)
    const root = Number(
      again.database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'schedule_run'").get()?.['rootpage'],
    )
    // The content behind an open connection's back: what a failing disk does.
    bytes.fill(0xee, (root - 1) * 4096, root * 4096)
    writeFileSync(path, bytes)
    again.database.exec('PRAGMA shrink_memory')
    expect(() => again.read(() => rowsOf(again, 'schedule_run'))).toThrow(/cannot read .*: it is damaged/)
    expect(existsSync(`${path}.suspect`)).toBe(true)
    again.close()
    const third = open()
    expect(third.damage).toBeDefined()
    expect(existsSync(`${path}.suspect`)).toBe(false)
    third.close()
  })
})

describe('a part that is new in this version', () => {
  it('gets its tables in a file that is there', () => {
    const store = open([results])
    store.close()
    const again = open()
    fill(again, 1)
    expect(again.damage).toBeUndefined()
    again.close()
    open([results]).close() // and a part that is gone is left alone
    expect(rowsOf(open(), 'schedule_run')).toHaveLength(1)
  })
})
