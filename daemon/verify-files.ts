/**
 * Received logs for `threecx daemon verify`: opened, unpacked, and the report in words or as JSON.
 */
import { createReadStream } from 'node:fs'
import type { Readable, Transform } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { HunterError } from '../extension/domain/errors.ts'
import { DeliveryCheck, type DeliveryReport } from './results/verify.ts'

/** What is asked. */
export interface Verification {
  readonly isJson: boolean
  /** First sequence that must be there; absent: the first that is. */
  readonly from?: number
  readonly signal: AbortSignal
}

/** Reads all files as one log. Throws `HunterError` with `usage` for a file that cannot be read. */
export async function runVerification(
  paths: readonly string[],
  { isJson, from, signal }: Verification,
): Promise<{ readonly text: string; readonly isWhole: boolean }> {
  const check = new DeliveryCheck(from === undefined ? {} : { from })
  for (const path of paths) {
    try {
      await check.read(bytesOf(path, signal))
    } catch (cause) {
      if (signal.aborted) throw cause
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new HunterError('usage', `cannot read received log ${path}: ${why}`, { cause })
    }
  }
  const report = check.report()
  return { text: isJson ? `${JSON.stringify(report)}\n` : reportText(report), isWhole: isWhole(report) }
}

/** Whether every line arrived as it left; repeats are no fault, the promise is at least once. */
function isWhole({ streams, unproven, tooLong, leftOut }: DeliveryReport): boolean {
  const isSound = streams.every(({ missing, mismatches }) => missing === 0 && mismatches === 0)
  return isSound && streams.length > 0 && unproven + tooLong + leftOut === 0
}

function reportText({ streams, lines, unproven, tooLong, leftOut }: DeliveryReport): string {
  const told = streams.map(
    ({ stream, first, last, received, gaps, gapCount, missing, repeats, mismatches, unchecked, late }) =>
      [
        `stream ${stream}: ${received} events, ${first} to ${last}\n`,
        `  ${missing} missing, ${repeats} repeated, ${mismatches} changed`,
        unchecked > 0 ? `, ${unchecked} taken apart by the receiver and not checked` : '',
        late > 0 ? `, ${late} too late to tell repeats from gaps` : '',
        '\n',
        ...gaps.map((gap) => `  gap: ${gapText(gap)}\n`),
        gapCount > gaps.length ? `  and ${gapCount - gaps.length} more gaps\n` : '',
      ].join(''),
  )
  const rest = [
    unproven > 0 ? `${unproven} lines without proof\n` : '',
    tooLong > 0 ? `${tooLong} lines too long to be ours\n` : '',
    leftOut > 0 ? `${leftOut} events of more streams than are looked at\n` : '',
  ]
  return [`${lines} lines\n`, ...told, ...rest].join('')
}

function gapText([from, to]: readonly [number, number]): string {
  return from === to ? String(from) : `${from} to ${to}`
}

function bytesOf(path: string, signal: AbortSignal): AsyncIterable<Buffer> {
  const source = createReadStream(path, { signal })
  if (path.endsWith('.gz')) return through(source, createGunzip())
  return path.endsWith('.zst') ? through(source, createZstdDecompress()) : source
}

function through(source: Readable, step: Transform): Transform {
  source.on('error', (error) => step.destroy(error))
  return source.pipe(step)
}
