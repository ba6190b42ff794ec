/**
 * From the verified bytes of a bundle to its content.
 *
 * What a newer program wrote is told apart first, because its shape may be unknown. Then the schema decides
 * (`check-payload.ts`, with the library that costs a start 70 ms and half its memory), unless the store knows that this
 * very program checked these very bytes before.
 */
import packageFile from '../../../package.json' with { type: 'json' }
import { HunterError } from '../../domain/errors.ts'
import { deepFreeze, frozenSet } from '../frozen-set.ts'
import { isRecord, parseJson } from '../text.ts'
import { type BundleContent, type BundlePayload, payloadFormat } from './content.ts'

/** Names the check that content passed: another program checks again. */
export const checkedBy = `${packageFile.version}/${payloadFormat}`

/** Reads a payload. `file` is for messages. Throws `bundle_too_new` or `bundle_invalid`. */
export async function readPayload(bytes: Uint8Array, file: string, isChecked: boolean): Promise<BundleContent> {
  const value = parsed(bytes, file)
  refuseNewer(value, file)
  const payload = isChecked ? (value as BundlePayload) : (await import('./check-payload.ts')).checkPayload(value, file)
  const { name, version, created, expires, sets, rules, places } = payload
  return {
    name,
    version,
    created: secondsOf(created),
    ...(expires === undefined ? {} : { expires: secondsOf(expires) }),
    sets: sets.map(frozenSet),
    rules: deepFreeze([...rules]),
    places: deepFreeze([...places]),
  }
}

function parsed(bytes: Uint8Array, file: string): unknown {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new HunterError('bundle_invalid', `cannot use bundle ${file}: its payload is not UTF-8`, { cause })
  }
  const json = parseJson(text)
  if ('value' in json) return json.value
  throw new HunterError('bundle_invalid', `cannot use bundle ${file}: payload: ${json.problem}`)
}

function refuseNewer(value: unknown, file: string): void {
  if (!isRecord(value)) return
  const { format, requires } = value
  if (typeof format === 'number' && format > payloadFormat) {
    const message = `cannot use bundle ${file}: its data is of format ${format}; this program reads ${payloadFormat}`
    throw new HunterError('bundle_too_new', message)
  }
  const least = isRecord(requires) ? requires['threecx'] : undefined
  if (typeof least === 'string' && isNewer(least, packageFile.version)) {
    const message = `cannot use bundle ${file}: it needs threecx-hunter ${JSON.stringify(least.slice(0, 40))}; this is ${packageFile.version}`
    throw new HunterError('bundle_too_new', message)
  }
}

/** Whether a version of three numbers is above another; what is no version is left to the schema. */
function isNewer(one: string, other: string): boolean {
  const numbers = (text: string) => /^(\d{1,6})\.(\d{1,6})\.(\d{1,6})/.exec(text)?.slice(1).map(Number)
  const [a, b] = [numbers(one), numbers(other)]
  if (!a || !b) return false
  const at = a.findIndex((number, index) => number !== b[index])
  return at >= 0 && (a[at] ?? 0) > (b[at] ?? 0)
}

function secondsOf(iso: string): number {
  return Math.floor(Date.parse(iso) / 1000)
}
