/** Executions from the databases of macOS: ordinary, empty, damaged and hostile ones. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { knowledgec } from '../../../extension/executions/knowledgec.ts'
import { quarantine } from '../../../extension/executions/quarantine.ts'
import type { ExecutionAccess, ExecutionReader } from '../../../extension/executions/reader.ts'
import { expectGolden } from '../../support/golden.ts'
import { knowledgeDatabase, quarantineDatabase } from '../../support/mac-databases.ts'
import { collected, needlesOf, readerOf, sourceFile } from '../../support/source-files.ts'

const never = new AbortController().signal
const needles = needlesOf(['3cxdesktopapp', '3cx-desktop-app'])
const app = 'com.electron.3cx-desktop-app'
const begun = 1_680_090_000

async function said(reader: ExecutionReader, write: (path: string) => void) {
  const directory = mkdtempSync(join(tmpdir(), 'threecx-mac-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'store.db')
  write(path)
  const access: ExecutionAccess = { ...readerOf(path, needles), registry: async () => [], account: () => '' }
  return await collected(reader.read(sourceFile(path), access, needles, never))
}

const uses = [
  { app, begun, ended: begun + 600 },
  { app: 'com.apple.Terminal', begun, ended: begun + 1 },
  { app, stream: '/app/inFocus', begun: begun + 10, ended: begun + 20 },
  { app, stream: '/app/install', begun: begun - 500, ended: begun - 500 },
  { app, stream: '/notification/usage', begun, ended: begun },
  { app, begun: 9_999_999_999_999, ended: -5 },
]
const downloads = [
  { url: 'https://downloads.3cx.example/3CXDesktopApp-18.12.416.dmg', origin: 'https://3cx.example/', time: begun },
  { url: 'https://cdn.example/a%20file.zip', time: begun },
  { url: 'no address: 3CXDesktopApp', time: begun },
  { url: 'https://x.example/%E0%A4%A/', origin: 'https://x.example/3CXDesktopApp', time: 0 },
]

describe('databases of macOS', () => {
  it.each<[string, ExecutionReader, (path: string) => void]>([
    ['knowledgec/ordinary', knowledgec, (path) => knowledgeDatabase(path, uses)],
    ['knowledgec/empty', knowledgec, (path) => knowledgeDatabase(path, [])],
    ['quarantine/ordinary', quarantine, (path) => quarantineDatabase(path, downloads)],
    ['quarantine/empty', quarantine, (path) => quarantineDatabase(path, [])],
    ['quarantine/another-database', quarantine, (path) => knowledgeDatabase(path, uses)],
  ])('say of %s', async (name, reader, write) => {
    await expectGolden(`executions/${name}`, await said(reader, write))
  })

  it('that are cut give rows or problems', async () => {
    for (const keep of [0, 50, 100, 4096, 5000, 8192]) {
      const records = await said(knowledgec, (path) => {
        knowledgeDatabase(path, uses)
        writeFileSync(path, readFileSync(path).subarray(0, keep))
      })
      expect(records.length).toBeLessThanOrEqual(uses.length + 2)
    }
  })

  it('are recognised by name and first bytes', () => {
    const head = Buffer.from('SQLite format 3\0')
    const file = (name: string) => ({ ...sourceFile(import.meta.filename), name })
    expect(knowledgec.recognises(file('knowledgeC.db'), head)).toBe(true)
    expect(quarantine.recognises(file('com.apple.LaunchServices.QuarantineEventsV2'), head)).toBe(true)
    expect(knowledgec.recognises(file('History.db'), head)).toBe(false)
    expect(quarantine.recognises(file('quarantine.txt'), Buffer.from('text'))).toBe(false)
  })
})
