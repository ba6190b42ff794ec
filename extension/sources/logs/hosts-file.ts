/**
 * A hosts file: a name of the campaign that somebody pointed at a machine of the internet. hosts(5)
 *
 * It is no contact by itself, but whoever writes it wants the name to be reached, after it was taken down, for one. A name
 * that points nowhere, at this machine or into the own network is a block or a sinkhole of administrators, and is left out.
 */
import type { LogFormat } from '../log-format.ts'
import { contact } from '../log-text/contact.ts'
import { usualHeadLines } from '../log-text/program-log.ts'
import { isAddress, isInternal } from '../log-text/remote.ts'

/** Stands for none. */
const nowhere = /^(?:0\.|255\.255\.255\.255$|::0?$)/
/** Names of one line that are looked at. */
const maxNames = 1000

export const hostsFile: LogFormat = {
  name: 'hosts_file',
  about: {
    reads: 'Names of a hosts file that point at a machine of the internet.',
    blind:
      'Whether and when the name was asked for. Blocks and sinkholes, which point nowhere or into the own network, are left out.',
    platforms: ['windows', 'darwin', 'linux'],
  },
  headLines: usualHeadLines,
  recognises: (firstLines, filename) =>
    /^hosts(?:\.|$)/i.test(filename) && firstLines.some((line) => entry(line) !== undefined),
  parse: (line) => {
    const found = entry(line)
    if (!found || nowhere.test(found.address) || isInternal(found.address)) return undefined
    const said = contact(found.names, { fields: { record: 'hosts', address: found.address } })
    return said && { ...said, isOnlyNamed: true }
  },
}

/** An address and its names; undefined for a comment or anything else. */
function entry(line: string): { address: string; names: string[] } | undefined {
  const text = line.split('#', 1)[0] ?? ''
  const [address = '', ...names] = text.trim().split(/\s+/, maxNames)
  const plain = address.split('%', 1)[0] ?? ''
  return isAddress(plain) && names.length > 0 ? { address: plain, names } : undefined
}
