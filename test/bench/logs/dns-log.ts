/**
 * A resolver's log of 15 million lines, and lists of names to look for in it; the same on every machine.
 */
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { needlesOf } from '../../../extension/gathering/needles.ts'
import { sizes } from '../sizes.ts'

const iocs = resolve(import.meta.dirname, '../../../iocs/3cx')

/** Numbers below `n` that look random and are not. */
function numbers(seed: number): (n: number) => number {
  let state = seed
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * n)
  }
}

/** The campaign's domains, as published. */
export function campaignDomains(): string[] {
  const sets = readdirSync(iocs).map((name) => JSON.parse(readFileSync(join(iocs, name), 'utf8')) as IndicatorFile)
  const domains = sets.flatMap((set) => set.indicators.filter((one) => one.type === 'domain').map((one) => one.value))
  return [...new Set(domains)].sort()
}

interface IndicatorFile {
  readonly indicators: readonly { readonly type: string; readonly value: string }[]
}

const syllables =
  'ba co di fu ge ha in jo ka lo mi na op qu ra sa te ur ve wi xo ya zu mic rosa azu clo stor edg net pbx'.split(' ')
const endings = ['.com', '.net', '.org', '.info', '.wiki', '.site', '.io', '.co.uk']

/** Those, and made-up ones of 8 bytes and more, to `count` in all. */
export function manyDomains(count: number): string[] {
  const pick = numbers(5)
  const domains = new Set(campaignDomains())
  while (domains.size < count) {
    const name = Array.from({ length: 2 + pick(5) }, () => syllables[pick(syllables.length)]).join('')
    const domain = `${name}${endings[pick(endings.length)]}`
    if (domain.length >= 8) domains.add(domain)
  }
  return [...domains].sort()
}

/** What a hunt seeks in logs for such domains: labels where they are long enough, names in two spellings where not. */
export function labelsOf(domains: readonly string[]): readonly string[] {
  const told = { id: 'bench/1', set: 'bench', number: 1, type: 'domain', component: 'network', stage: 'c2' } as const
  const indicators = domains.map((value) => ({ ...told, value, level: 'critical', status: 'malicious' }) as const)
  return needlesOf(indicators).texts
}

const hosts = (
  'www.google.com outlook.office365.com settings-win.data.microsoft.com api.github.com cdn.jsdelivr.net ' +
  'ctldl.windowsupdate.com azureedge.net officeclient.microsoft.com login.microsoftonline.com pbx.example.org ' +
  'msedge.api.cdp.microsoft.com teams.events.data.microsoft.com akamaiedge.net storage.googleapis.com'
).split(' ')

const lineCount = sizes.logLines

/** Writes the log unless it is there, and names it. One line in 50,021 names a domain of the campaign. */
export function dnsLog(folder: string): string {
  const path = join(folder, 'dns-15m.log')
  if (existsSync(path)) return path
  const pick = numbers(12345)
  const domains = campaignDomains()
  const partial = `${path}.partial`
  const file = openSync(partial, 'w')
  let lines: string[] = []
  for (let i = 0; i < lineCount; i++) {
    const host = hosts[pick(hosts.length)] ?? ''
    const common = pick(3) > 0 ? host : `h${pick(100_000)}.${host}`
    const name = i % 50_021 === 7 ? inSomeCase(domains[pick(domains.length)] ?? '', pick) : common
    const time = new Date(1_679_000_000_000 + i * 10).toISOString().slice(11, 19)
    const rest = pick(2) > 0 ? `from 10.0.${pick(255)}.${pick(255)}` : `is 1${pick(99)}.${pick(255)}.${pick(255)}.7`
    lines.push(`Mar 16 ${time} dnsmasq[812]: ${pick(2) > 0 ? 'query[A]' : 'reply'} ${name} ${rest}\n`)
    if (lines.length === 20_000 || i === lineCount - 1) {
      writeSync(file, lines.join(''))
      lines = []
    }
  }
  closeSync(file)
  renameSync(partial, path)
  return path
}

/** A resolver writes names as they were asked for. */
function inSomeCase(domain: string, pick: (n: number) => number): string {
  return pick(2) > 0 ? domain : [...domain].map((one) => (pick(2) > 0 ? one.toUpperCase() : one)).join('')
}

/** Writes a list, one a line, and names it. */
export function listFile(folder: string, name: string, domains: readonly string[]): string {
  const path = join(folder, name)
  writeFileSync(path, `${domains.join('\n')}\n`)
  return path
}
