/**
 * What is in a corpus: regular files by what their first bytes say, and their sizes.
 */
import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'

/** Kinds that are counted towards the size of a corpus. */
export const kinds = ['PE', 'Mach-O', 'ELF', 'ICO', 'OLE', 'zip'] as const

/** Files and bytes of one kind. */
export interface Count {
  files: number
  bytes: number
}

/** Counts by kind; `other` is everything else. */
export type Census = Readonly<Record<(typeof kinds)[number] | 'other', Count>>

/** Looks at every regular file below a directory. */
export function takeCensus(root: string): Census {
  const names = [...kinds, 'other'] as const
  const census = Object.fromEntries(names.map((kind) => [kind, { files: 0, bytes: 0 }])) as unknown as Census
  const head = Buffer.alloc(8)
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = openSync(join(entry.parentPath, entry.name), 'r')
    const read = readSync(file, head, 0, head.length, 0)
    const count = census[kindOf(head.subarray(0, read))]
    count.files++
    count.bytes += fstatSync(file).size
    closeSync(file)
  }
  return census
}

function kindOf(head: Buffer): keyof Census {
  const hex = head.toString('hex')
  if (hex.startsWith('4d5a')) return 'PE'
  if (/^c[ef]faedfe|^feedfac[ef]/.test(hex)) return 'Mach-O'
  // A Java class begins alike and has its version, above 40, where a universal binary counts its few slices.
  if (hex.startsWith('cafebabe000000') && Number.parseInt(hex.slice(14), 16) < 40) return 'Mach-O'
  if (hex.startsWith('7f454c46')) return 'ELF'
  if (/^00000100[0-9a-f]{2}00/.test(hex) && !hex.startsWith('000001000000')) return 'ICO'
  if (hex === 'd0cf11e0a1b11ae1') return 'OLE'
  return hex.startsWith('504b0304') ? 'zip' : 'other'
}

/** A census as lines of a Markdown table. */
export function censusTable(census: Census): string {
  const rows = Object.entries(census).map(
    ([kind, { files, bytes }]) => `| ${kind} | ${files} | ${(bytes / 1e6).toFixed(0)} |`,
  )
  return ['| kind | files | MB |', '|---|---|---|', ...rows].join('\n')
}

/** Files of the counted kinds. */
export function counted(census: Census): number {
  return kinds.reduce((sum, kind) => sum + census[kind].files, 0)
}
