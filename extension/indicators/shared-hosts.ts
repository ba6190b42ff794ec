/**
 * Hosts that serve everybody: a code forge, a vendor's site, a file locker.
 *
 * Published lists name them because the attack used them. As a domain such a host is never an indicator, only a URL
 * with a path below it can be. The list is data; a domain that contains a shared host (`githubusercontent.com` holds
 * `raw.githubusercontent.com`) would match the same visits and counts as shared too.
 */
import { canonical } from '../domain/observable.ts'
import { bundledFile } from './bundled.ts'
import { readDataFile } from './data-file.ts'
import { fileAt } from './files.ts'
import { IndicatorsError } from './problems.ts'
import { sharedHostsDocument } from './schema.ts'

/** Answers why a host is shared. */
export interface SharedHosts {
  /** The reason, or undefined when the host is nobody's but its owner's. */
  reason(host: string): string | undefined
}

/** The hosts of iocs/shared-hosts.json, or of another file of that shape. Throws `IndicatorsError`. */
export function loadSharedHosts(path?: string): SharedHosts {
  const file = path === undefined ? bundledFile('shared-hosts.json') : fileAt(path)
  const { hosts } = readDataFile(file, sharedHostsDocument)
  const problems = hosts.flatMap(({ host }, at) => {
    const result = canonical('domain', host)
    if ('value' in result && result.value === host) return []
    return [
      {
        file: file.name,
        place: `hosts[${at}].host`,
        message: `domain is ${JSON.stringify(host)}; expected a host name`,
      },
    ]
  })
  if (problems.length > 0) throw new IndicatorsError(problems)
  return sharedHosts(hosts)
}

/** Shared hosts from a list of canonical names. */
export function sharedHosts(hosts: readonly { readonly host: string; readonly why: string }[]): SharedHosts {
  const reasons = new Map<string, string>()
  for (const { host, why } of hosts) {
    const labels = host.split('.')
    for (let at = 1; at < labels.length - 1; at++) {
      const parent = labels.slice(at).join('.')
      if (!reasons.has(parent)) reasons.set(parent, `it contains ${host}: ${why}`)
    }
  }
  for (const { host, why } of hosts) reasons.set(host, why)
  return { reason: (host) => reasons.get(host) }
}
