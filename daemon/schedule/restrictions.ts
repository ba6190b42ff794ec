/**
 * osquery's rules of where a query runs: platform, version, shard. Pure.
 */
import { createHash } from 'node:crypto'
import { type Platform, platforms } from '../../extension/domain/platform.ts'

/** Names that a restriction may contain for each system: osquery looks for them anywhere in the text. */
const namesOf: Readonly<Record<Platform, readonly string[]>> = {
  linux: ['linux', 'ubuntu', 'centos', 'posix'],
  darwin: ['darwin', 'posix'],
  windows: ['windows'],
}

/**
 * The systems that a restriction allows. Undefined: all, because there is none; an empty list: none that we know.
 * `osquery/core/system.cpp`, checkPlatform.
 */
export function allowedPlatforms(restriction: string | undefined): readonly Platform[] | undefined {
  if (restriction === undefined || restriction === '' || restriction === 'null') return undefined
  if (restriction.includes('any') || restriction.includes('all')) return undefined
  return platforms.filter((platform) => namesOf[platform].some((name) => restriction.includes(name)))
}

/** Whether a version is at least the required one; `osquery/utils/info/version.cpp`. */
export function isAtLeast(version: string, required: string): boolean {
  if (version === '0.0.0' || required === '0.0.0') return true
  const wanted = required.split('.').filter((part) => part !== '')
  for (const [at, part] of version.split('.').entries()) {
    const least = wanted[at]
    if (least === undefined) return true
    const [have, need] = [leadingNumber(part), leadingNumber(least)]
    if (have === undefined || need === undefined) {
      if (part < least) return false
    } else if (have !== need) return have > need
  }
  return true
}

/** Digits at the start, as C++ reads them. */
function leadingNumber(text: string): number | undefined {
  const [digits] = /^\s*[-+]?\d+/.exec(text) ?? []
  return digits === undefined ? undefined : Number(digits)
}

/** Which hundredth of all hosts this one belongs to, from the first byte of SHA-1 over its name. */
export function hostShard(hostName: string): number {
  const [first = 0] = createHash('sha1').update(hostName).digest()
  return Math.floor((first * 100) / 255)
}
