/**
 * Schema export, held to golden files: their readers are other programs, so every key counts.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  bigint,
  blob,
  defineTable,
  double,
  fleetTable,
  integer,
  tableSpec,
  text,
  unsignedBigint,
} from '../../../extension/sdk/index.ts'

const golden = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../golden/sdk/${name}.json`, import.meta.url), 'utf8')) as unknown

const full = defineTable({
  name: 'downloads',
  description: 'Files that were downloaded.',
  platforms: ['darwin', 'linux'],
  columns: {
    path: text('Where the file is', { index: true, optimized: true, aliases: ['file_path'] }),
    user: text('Whose it is', { required: true, collate: 'nocase' }),
    depth: integer('How deep to look', { additional: true, hidden: true }),
    size: bigint('Bytes'),
    inode: unsignedBigint('Number of the file'),
    score: double('How suspicious it is'),
    head: blob('Its first bytes'),
  },
  identity: ['path'],
  examples: ["SELECT path FROM downloads WHERE user = 'ada'", "SELECT 1 FROM downloads WHERE user = 'x' AND size > 5"],
  attributes: ['cacheable', 'event_based'],
  notes: 'Needs full disk access on macOS.',
  url: 'https://example.com/downloads',
  async *generate() {},
})
const bare = defineTable({
  name: 'bare',
  description: 'Nothing but what must be there.',
  platforms: ['windows'],
  columns: { name: text('Name') },
  identity: ['name'],
  examples: ['SELECT * FROM bare'],
  async *generate() {},
})

describe('tableSpec', () => {
  it('writes what osquery-go writes', () => {
    expect([full, bare].map(tableSpec)).toEqual(golden('table-spec'))
  })

  it('keeps the order of keys, for diffs', () => {
    expect(JSON.stringify([full, bare].map(tableSpec))).toBe(JSON.stringify(golden('table-spec')))
  })
})

describe('fleetTable', () => {
  it('writes the keys of a file in Fleet’s schema, in their order', () => {
    expect([full, bare].map(fleetTable)).toEqual(golden('fleet-table'))
    expect(JSON.stringify([full, bare].map(fleetTable))).toBe(JSON.stringify(golden('fleet-table')))
  })
})
