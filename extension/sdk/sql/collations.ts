/**
 * osquery's version collations: `version`, and those of the packages of Arch, Debian and Red Hat.
 *
 * Versions are compared segment by segment; `~ - ^ . :` end one. A segment that ends earlier is the smaller one, which
 * is how 9 comes before 10 without anything being parsed. These are osquery's answers, not those of the package managers
 * they are named after: the order of rows must be the same here and there (`osquery/sql/sqlite_version.cpp`).
 */
import type { Pointer, Sqlite } from './sqlite.ts'

/** How a collation differs from the plain one. */
interface Flavour {
  /** Where the epoch's colon stands decides first. */
  readonly hasEpoch: boolean
  /** Different delimiters in one place are ordered. */
  readonly ordersDelimiters: boolean
  /** What follows the shorter version is looked at: after ~ it is smaller, after ^ greater, after - the same. */
  readonly readsRest: boolean
  /** And behind a digit, length decides before the segment's own difference. */
  readonly isLengthFirstAfterDigit: boolean
}

const flavours: Readonly<Record<string, Flavour>> = {
  version: { hasEpoch: false, ordersDelimiters: false, readsRest: false, isLengthFirstAfterDigit: false },
  version_arch: { hasEpoch: true, ordersDelimiters: false, readsRest: true, isLengthFirstAfterDigit: true },
  version_dpkg: { hasEpoch: true, ordersDelimiters: true, readsRest: false, isLengthFirstAfterDigit: false },
  version_rhel: { hasEpoch: true, ordersDelimiters: true, readsRest: true, isLengthFirstAfterDigit: false },
}

/** Registers the four. */
export function createCollations({ capi, wasm }: Sqlite, db: Pointer): void {
  const bytes = (at: Pointer, length: number) => wasm.heap8u().subarray(at, at + length)
  for (const [name, flavour] of Object.entries(flavours)) {
    const compare = (_data: Pointer, leftLength: number, left: Pointer, rightLength: number, right: Pointer) =>
      compareVersions(bytes(left, leftLength), bytes(right, rightLength), flavour)
    // The function without _v2 miscounts its arguments and always refuses.
    const rc = capi.sqlite3_create_collation_v2(db, name, capi.SQLITE_UTF8, 0, compare, 0)
    if (rc !== capi.SQLITE_OK) throw new Error(`cannot register collation ${name}: result code ${rc}`)
  }
}

const delimiters = [...'~-^.:'].map((one) => one.charCodeAt(0))
const [tilde, hyphen, caret] = delimiters
const colon = 0x3a

function compareVersions(left: Uint8Array, right: Uint8Array, flavour: Flavour): number {
  if (left.length === 0 || right.length === 0) return left.length - right.length
  const byEpoch = flavour.hasEpoch ? compareEpochs(left, right) : 0
  if (byEpoch !== 0) return byEpoch
  const shared = Math.min(left.length, right.length)
  let difference = 0 // the first one of the segment
  for (let at = 0; at < shared; at++) {
    const one = delimiters.indexOf(left[at] ?? 0)
    const other = delimiters.indexOf(right[at] ?? 0)
    if (one < 0 && other < 0) difference ||= signed(left[at]) - signed(right[at])
    else if (other < 0) return -1
    else if (one < 0) return 1
    else if (difference !== 0) return difference
    else if (flavour.ordersDelimiters && one !== other) return one - other
  }
  if (left.length === right.length) return difference
  const [shorter, sign] = left.length < right.length ? [left, -1] : [right, 1]
  const next = (shorter === left ? right : left)[shared] ?? 0
  if (!flavour.readsRest) return difference !== 0 && delimiters.includes(next) ? difference : sign
  if (next === tilde) return -sign
  if (next === hyphen) return 0
  if (next === caret) return sign
  const isByLength = flavour.isLengthFirstAfterDigit && isDigit(shorter[shared - 1])
  return difference !== 0 && !isByLength ? difference : sign
}

/** The place of the colon; a version that has one is the greater. */
function compareEpochs(left: Uint8Array, right: Uint8Array): number {
  return left.indexOf(colon) - right.indexOf(colon)
}

/** osquery compares `char`, which is signed where it runs. */
function signed(byte = 0): number {
  return byte > 127 ? byte - 256 : byte
}

function isDigit(byte = 0): boolean {
  return byte >= 0x30 && byte <= 0x39
}
