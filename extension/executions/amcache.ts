/**
 * Executions from Amcache: programs that Windows' inventory met, with the SHA-1 of their first 31,457,280 bytes.
 *
 * Since Windows 10 1607 a key per file below InventoryApplicationFile, before below File and the volume, with numbered
 * values (15 path, 101 digest, 0 product, 5 version). The key's time is when it was written. ANSSI's analysis of Amcache
 * (2019) says what an entry proves: that the file was there, not that it ran.
 */
import type { RegistryKey } from '../native/registry.ts'
import { shortVersion } from './event-values.ts'
import type { ExecutionReader, FoundExecution } from './reader.ts'
import { isHive, keysOf, keyText } from './registry-read.ts'
import { plausible } from './windows-time.ts'

/** Windows digests no more of a file, so a larger one has another digest than its own. */
const digestedBytes = 31_457_280

const queries = [
  {
    path: ['Root', 'InventoryApplicationFile', '*'],
    values: [
      'LowerCaseLongPath',
      'FileId',
      'Version',
      'BinProductVersion',
      'ProductName',
      'LinkDate',
      'Size',
      'Publisher',
    ],
  },
  { path: ['Root', 'File', '*', '*'], values: ['15', '101', '0', '5', '6', '1'] },
]

/** The reader. */
export const amcache: ExecutionReader = {
  name: 'amcache',
  about: {
    reads: 'Programs that the inventory of Windows met: path, version, SHA-1, and when it wrote that down.',
    blind:
      'Whether a program ran. The SHA-1 is of the first 30 MiB. A hive in use is locked by Windows, so that it is read in images only.',
    platforms: ['windows'],
  },
  imagesOnly: true,
  recognises: ({ name }, head) => /^amcache/i.test(name) && isHive(head),
  async *read(_file, access, needles) {
    const keys = await keysOf(access, queries)
    if ('problem' in keys) return yield keys
    for (const key of keys) {
      const found = fileOf(key)
      if (found && (needles.mayHold(found.path) || needles.mayHold(found.sha1 ?? ''))) yield found
    }
  },
}

function fileOf(key: RegistryKey): FoundExecution | undefined {
  const text = (...names: string[]) => names.map((name) => key.values[name]).find((value) => value !== undefined)
  const path = String(text('LowerCaseLongPath', '15') ?? '')
  if (path === '') return undefined
  const [, sha1] = /^0000([0-9a-f]{40})$/i.exec(String(text('FileId', '101') ?? '')) ?? []
  const size = sizeOf(text('Size', '6'))
  const version = shortVersion(String(text('BinProductVersion', 'Version', '5') ?? ''))
  const time = plausible(key.lastWritten)
  const said = { product: text('ProductName', '0'), publisher: text('Publisher', '1'), linked: text('LinkDate'), size }
  const fields = Object.entries(said).filter(([, value]) => value !== undefined && value !== '')
  return {
    platform: 'windows',
    proof: 'seen',
    record: keyText(key),
    path,
    cmdline: '',
    user: '',
    ...(time !== undefined && { time, lastTime: time }),
    ...(version !== undefined && { version }),
    ...(sha1 !== undefined && (size ?? 0) <= digestedBytes && { sha1: sha1.toLowerCase() }),
    fields: Object.fromEntries(fields) as Record<string, string | number>,
  }
}

/** A number, or the text of one. */
function sizeOf(value: string | number | undefined): number | undefined {
  const size = Number(value ?? Number.NaN)
  return Number.isSafeInteger(size) && size >= 0 ? size : undefined
}
