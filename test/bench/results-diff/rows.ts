/** A million rows as a table of files has them: six columns, about 150 bytes; `changed` of a hundred are others. */
import { createHash } from 'node:crypto'

export const columns = [
  { name: 'path', type: 'TEXT' },
  { name: 'inode', type: 'BIGINT' },
  { name: 'owner', type: 'TEXT' },
  { name: 'sha256', type: 'TEXT' },
  { name: 'size', type: 'BIGINT' },
  { name: 'mtime', type: 'BIGINT' },
]

export type FileRow = Record<'path' | 'inode' | 'owner' | 'sha256' | 'size' | 'mtime', string>

/** Rows made while they are gone through, as often as is wanted. */
export function rows(count: number, changed: number): Iterable<FileRow> {
  return {
    *[Symbol.iterator]() {
      for (let at = 0; at < count; at++) yield row(at % 100 < changed ? at + count : at)
    },
  }
}

function row(number: number): FileRow {
  const digest = Math.imul(number, 0x9e3779b1) >>> 0
  return {
    path: `/usr/lib/x86_64-linux-gnu/some/directory-${number % 977}/file-${number}.so`,
    inode: String(number),
    owner: `user-${number % 1000}`,
    sha256: `${digest.toString(16).padStart(8, '0')}5ad1c1a3d6b2e4f70819aabbccddeeff`,
    size: String(number * 37),
    mtime: String(1_700_000_000 + number),
  }
}

/** The answer both must give: every changed row, in no order. */
export function answerOf(
  added: Iterable<Readonly<Record<string, string>>>,
  removed: Iterable<Readonly<Record<string, string>>>,
) {
  const text = (action: string, one: Readonly<Record<string, string>>) =>
    `${action} ${columns.map((column) => one[column.name]).join('|')}`
  const all = [...[...added].map((one) => text('+', one)), ...[...removed].map((one) => text('-', one))].sort()
  return { changes: all.length, digest: createHash('sha256').update(all.join('\n')).digest('hex') }
}
