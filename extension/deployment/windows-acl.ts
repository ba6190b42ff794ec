/**
 * osquery's Windows rule: nobody but Administrators, SYSTEM and TrustedInstaller may write to the file or its directory.
 *
 * Judged on a security descriptor in its text form (SDDL), so that the rule runs and is tested anywhere. It follows
 * osquery's own reading, in order: a deny of all write bits for Everyone settles it, other denies shield their own
 * account from later allows, and an inherit-only entry counts like any other. Generic rights that were not mapped to
 * file rights do not count, because osquery compares bits.
 * https://learn.microsoft.com/windows/win32/secauthz/ace-strings
 */

/** FILE_WRITE_DATA, FILE_APPEND_DATA, FILE_WRITE_EA and FILE_WRITE_ATTRIBUTES: the bits osquery looks for. */
const writeBits = 0x116

const everyone = 'S-1-1-0'

const known: Readonly<Record<string, string>> = {
  SY: 'S-1-5-18',
  BA: 'S-1-5-32-544',
  CO: 'S-1-3-0',
  WD: everyone,
  BU: 'S-1-5-32-545',
  AU: 'S-1-5-11',
  IU: 'S-1-5-4',
  PU: 'S-1-5-32-547',
}

const trustedInstaller = 'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464'

/** Accounts whose write rights osquery accepts. */
const trusted = [known['SY'], known['BA'], known['CO'], trustedInstaller]

const rights: Readonly<Record<string, number>> = {
  CC: 0x1,
  DC: 0x2,
  LC: 0x4,
  SW: 0x8,
  RP: 0x10,
  WP: 0x20,
  DT: 0x40,
  LO: 0x80,
  CR: 0x100,
  FA: 0x1f01ff,
  FR: 0x120089,
  FW: 0x120116,
  FX: 0x1200a0,
}

/** The account that osquery would refuse for, its name or SID; undefined when the list is safe. Throws on other text. */
export function foreignWriter(sddl: string): string | undefined {
  const found = /D:[A-Z]*((?:\([^()]*\))*)/.exec(sddl)
  if (!found || /D:[A-Z]*NO_ACCESS_CONTROL/.test(sddl)) return 'Everyone (there is no access list)'
  const denied = new Set<string>()
  for (const [, body = ''] of (found[1] ?? '').matchAll(/\(([^()]*)\)/g)) {
    const [type = '', , mask = '', , , account = ''] = body.split(';')
    const sid = known[account] ?? account
    const bits = maskOf(mask)
    if (type === 'D' && (bits & writeBits) === writeBits) {
      if (sid === everyone) return undefined
      denied.add(sid)
    }
    if (type === 'A' && !trusted.includes(sid) && !denied.has(sid) && (bits & writeBits) !== 0) return account
  }
  return undefined
}

/** Owner of a descriptor as a SID, or undefined when it names none. */
export function ownerOf(sddl: string): string | undefined {
  const account = /^O:(S-[\d-]+|[A-Z]{2})/.exec(sddl)?.[1]
  return account === undefined ? undefined : (known[account] ?? account)
}

/** Whether osquery takes an owner for root: Administrators or SYSTEM. */
export function isAdministrative(sid: string): boolean {
  return sid === known['BA'] || sid === known['SY']
}

function maskOf(text: string): number {
  if (/^0x[0-9a-f]+$/i.test(text)) return Number(text) | 0
  return (text.match(/../g) ?? []).reduce((mask, word) => mask | (rights[word] ?? 0), 0)
}
