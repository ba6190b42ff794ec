/**
 * Our side of the digest benchmark as a whole process: a sweep that wants digests of every file, as the extension runs it.
 *
 * `ours.ts DIRECTORY BITS`, bits: 1 SHA-256, 2 SHA-1, 4 MD5. Prints what the program beside it prints: files, bytes, and
 * for each digest the exclusive or over all files.
 */
import type { DigestAlgorithm } from '../../../extension/domain/observable.ts'
import { digestAt } from '../../../extension/native/digest-record.ts'
import { openEngine } from '../../../extension/native/index.ts'
import type { Selection } from '../../../extension/native/selection.ts'
import { noCache } from '../../../extension/sweep/hash-cache.ts'
import { defaultLimits, treeSweep } from '../../../extension/sweep/request.ts'
import { sweep } from '../../../extension/sweep/sweep.ts'
import { startPings } from '../pings.ts'

const lengths = { sha256: 32, sha1: 20, md5: 16 } as const satisfies Record<DigestAlgorithm, number>
const names = Object.keys(lengths) as DigestAlgorithm[]

const [directory = '', bits = '1'] = process.argv.slice(2)
const algorithms = names.filter((_, at) => (Number(bits) >> at) & 1)
const selection: Selection = { rules: [{ pattern: '**' }], classes: [{ algorithms }], classesOfRule: [[0]] }
const { engine } = await openEngine({})
const walk = { roots: [directory], ignoreCase: true, skip: [], mounts: 'same' } as const
const request = treeSweep(engine, walk, selection, { ...defaultLimits, maxFileBytes: 16 * 1024 ** 3 })
const sums = new Map(names.map((name) => [name, Buffer.alloc(lengths[name])]))
let files = 0
let bytes = 0
startPings()
for await (const batch of sweep(engine, noCache, request, new AbortController().signal)) {
  if (batch.errors.length > 0) throw new Error(`${batch.errors[0]?.path}: ${batch.errors[0]?.message}`)
  for (const { record } of batch.files.slots) {
    for (const name of algorithms) mix(sums.get(name), record, record && digestAt(record, name))
    files++
  }
  bytes = batch.progress.bytes
}
console.log([files, bytes, ...names.map((name) => sums.get(name)?.toString('hex'))].join(' '))

function mix(into: Buffer | undefined, record: Buffer | undefined, from: number | undefined): void {
  if (!into || !record || from === undefined) throw new Error('a digest is missing')
  for (let at = 0; at < into.length; at++) into[at] = (into[at] ?? 0) ^ (record[from + at] ?? 0)
}
