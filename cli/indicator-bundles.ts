/**
 * What `threecx indicators` does with bundles: makes keys, builds, verifies, installs, goes back, tells.
 */
import type { KeyObject } from 'node:crypto'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { HunterError } from '../extension/domain/errors.ts'
import { buildBundle } from '../extension/indicators/bundle/build.ts'
import { chooseBundle, openInstalled } from '../extension/indicators/bundle/choose.ts'
import { installBundle, rollBack } from '../extension/indicators/bundle/install.ts'
import { newKeyPair, readPrivateKey } from '../extension/indicators/bundle/keys.ts'
import { type OpenedBundle, openBundle, readBundleFile } from '../extension/indicators/bundle/open-bundle.ts'
import { BundleStore } from '../extension/indicators/bundle/store.ts'
import { readTrust, type Trust, trustPaths } from '../extension/indicators/bundle/trust.ts'
import { deliveredRules, Rulebook } from '../extension/rules/open-rules.ts'
import { defaultStateDir } from '../extension/runtime/state-dir.ts'
import { writeWhole } from '../extension/runtime/whole-file.ts'
import type { Terminal } from './command.ts'
import { ruleProblemText } from './commands/rules.ts'
import { writeTo } from './output/destination.ts'
import { type Format, render } from './output/format.ts'
import { printable } from './output/printable.ts'

/** Options that these actions take. */
export interface BundleActionOptions {
  readonly out: string | undefined
  readonly 'bundle-version': string | undefined
  readonly key: readonly string[]
  readonly name: string | undefined
  readonly expires: string | undefined
  readonly requires: string | undefined
  readonly output: string | undefined
  readonly trust: readonly string[]
  readonly state: string | undefined
  readonly 'any-version': boolean
  readonly format: string
}

type Action = (terminal: Terminal, options: BundleActionOptions, args: readonly string[]) => Promise<number>

/** Actions by name. */
export const bundleActions: Readonly<Record<string, Action>> = { keygen, bundle, verify, install, rollback, status }

async function keygen(terminal: Terminal, { out }: BundleActionOptions, args: readonly string[]): Promise<number> {
  noMore(args)
  if (out === undefined)
    throw new HunterError('usage', 'keygen needs --out PREFIX; it writes PREFIX.key and PREFIX.pub')
  const pair = newKeyPair()
  writeNew(`${out}.key`, pair.privatePem, 0o600)
  try {
    writeNew(`${out}.pub`, pair.publicPem, 0o644)
  } catch (error) {
    rmSync(`${out}.key`, { force: true })
    throw error
  }
  terminal.stdout.write(
    printableLines([
      `private key ${out}.key: keep it where bundles are signed, and nowhere else`,
      `public key  ${out}.pub: goes among the trusted keys of every host`,
      `key id      ${pair.id}`,
    ]),
  )
  return 0
}

async function bundle(terminal: Terminal, options: BundleActionOptions, args: readonly string[]): Promise<number> {
  const [verb, ...directories] = args
  if (verb !== 'build') throw new HunterError('usage', 'bundle needs build: threecx indicators bundle build DIR...')
  const { output, key: keyFiles, name = 'indicators', requires } = options
  if (directories.length === 0) throw new HunterError('usage', 'bundle build needs a directory of sets, such as iocs/')
  if (output === undefined) throw new HunterError('usage', 'bundle build needs --output FILE')
  if (keyFiles.length === 0) throw new HunterError('usage', 'bundle build needs --key KEY.key, made by keygen')
  const created = createdNow(terminal.env)
  const expires = options.expires === undefined ? undefined : timeOf(options.expires)
  const built = await buildBundle({
    directories,
    name,
    version: versionOf(options['bundle-version']),
    created,
    keys: keyFiles.map(privateKey),
    ...(expires === undefined ? {} : { expires }),
    ...(requires === undefined ? {} : { requires }),
  })
  await refuseBadRules(built.bundle, output)
  try {
    writeWhole(output, [built.bytes], { mode: 0o644 }) // there is nothing secret in it, and whoever ships it must read it
  } catch (cause) {
    throw new HunterError('output_failed', `cannot write ${output}: ${messageOf(cause)}`, { cause })
  }
  terminal.stdout.write(printableLines([`${output}: ${summary(built.bundle)}`]))
  return 0
}

async function verify(terminal: Terminal, options: BundleActionOptions, args: readonly string[]): Promise<number> {
  const file = oneFile('verify', args)
  const trust = trustOf(terminal, options)
  const opened = await openBundle(readBundleFile(file, true), { file, trust, now: nowSeconds() })
  await refuseBadRules(opened, file)
  const { content, sha256, signedBy } = opened
  const row = {
    bundle: content.name,
    version: content.version,
    created: isoOf(content.created),
    expires: isoOf(content.expires),
    signed_by: signedBy.map((one) => one.name).join(' '),
    sets: content.sets.length,
    indicators: indicatorsIn(opened),
    rules: content.rules.length,
    places: content.places.length,
    sha256,
  }
  await writeTo(terminal.stdout, render(options.format as Format, Object.keys(row), [row], terminal.width))
  return 0
}

async function install(terminal: Terminal, options: BundleActionOptions, args: readonly string[]): Promise<number> {
  const file = oneFile('install', args)
  const trust = trustOf(terminal, options)
  const store = storeOf(terminal, options)
  const { bundle: opened, isChange } = await installBundle(store, {
    bytes: readBundleFile(file, true),
    file,
    trust,
    now: nowSeconds(),
    anyVersion: options['any-version'],
    inspect: (one) => refuseBadRules(one, file),
  })
  const lines = [isChange ? `in force: ${summary(opened)}` : `already in force: ${summary(opened)}`]
  if (isChange) lines.push('an extension that runs takes it up within a minute, and begins a new sweep')
  terminal.stdout.write(printableLines(lines))
  tellForeignTrust(terminal, options, opened)
  return 0
}

async function rollback(terminal: Terminal, options: BundleActionOptions, args: readonly string[]): Promise<number> {
  noMore(args)
  const store = storeOf(terminal, options)
  const { from, to } = await rollBack(store, trustOf(terminal, options), nowSeconds())
  const gone = from.map((one) => `${one.name} version ${one.version}`).join(', ')
  const lines = [
    `rolled back: ${gone}`,
    `in force: ${to === undefined ? 'the indicators that ship with threecx' : summary(to)}`,
    `not installed again: everything up to version ${store.read().floor}`,
  ]
  terminal.stdout.write(printableLines(lines))
  return 0
}

const statusColumns = ['bundle', 'version', 'state', 'created', 'expires', 'signed_by', 'sha256', 'problem']

async function status(terminal: Terminal, options: BundleActionOptions, args: readonly string[]): Promise<number> {
  noMore(args)
  const store = storeOf(terminal, options)
  const paths = trustPaths(options.trust, terminal.env, process.platform)
  const trust = readTrust(paths)
  const { bundles, floor } = store.read()
  const now = nowSeconds()
  const choice = await chooseBundle(store, paths, now)
  const rows: Record<string, string | number>[] = []
  for (const one of bundles) {
    const isInForce = one.sha256 === choice.bundle?.sha256
    const row = { bundle: one.name, version: one.version, sha256: one.sha256 }
    try {
      const { content, signedBy } = await openInstalled(store, one, trust, now)
      const times = { created: isoOf(content.created), expires: isoOf(content.expires) }
      const said = { state: isInForce ? 'in force' : 'kept', signed_by: signedBy.map(({ name }) => name).join(' ') }
      rows.push({ ...row, ...times, ...said, problem: '' })
    } catch (error) {
      rows.push({ ...row, state: 'unusable', created: '', expires: '', signed_by: '', problem: messageOf(error) })
    }
  }
  await writeTo(terminal.stdout, render(options.format as Format, statusColumns, rows, terminal.width))
  const keys = [...trust.keys.values()].map((key) => `${key.name} (${key.id.slice(0, 16)})`)
  terminal.stderr.write(
    printableLines([
      ...(choice.bundle ? [] : ['in force: the indicators that ship with threecx']),
      ...(floor > 0 ? [`not installed: everything up to version ${floor}, which was rolled back`] : []),
      `trusted keys in ${paths.join(', ')}: ${keys.join(', ') || 'none'}`,
      ...trust.problems,
    ]),
  )
  const [trouble] = choice.status.troubles
  if (trouble) throw new HunterError(trouble.code, trouble.message)
  return 0
}

/** A rule that does not compile is not in force; a bundle with one is not signed and not installed. */
async function refuseBadRules({ content }: OpenedBundle, file: string): Promise<void> {
  if (content.rules.length === 0) return
  const book = new Rulebook([deliveredRules(content)])
  try {
    const problems = await book.check()
    const [first] = problems
    if (first === undefined) return
    const rest = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
    throw new HunterError('bundle_invalid', `cannot use bundle ${file}: ${ruleProblemText(first)}${rest}`)
  } finally {
    await book.close()
  }
}

/** A key that was only named for this command is not the extension's. */
function tellForeignTrust(terminal: Terminal, options: BundleActionOptions, { signedBy }: OpenedBundle): void {
  if (options.trust.length === 0) return
  const paths = trustPaths([], terminal.env, process.platform)
  const standing = readTrust(paths)
  if (signedBy.some(({ id }) => standing.keys.has(id))) return
  const names = signedBy.map(({ name }) => name).join(', ')
  const text = `the extension does not trust key ${names} yet and will not use this bundle: put the key into ${paths.join(', ')}`
  terminal.stderr.write(printableLines([text]))
}

function trustOf(terminal: Terminal, options: BundleActionOptions): Trust {
  const trust = readTrust(trustPaths(options.trust, terminal.env, process.platform))
  const [problem] = trust.problems
  if (options.trust.length > 0 && problem !== undefined) throw new HunterError('trust_unusable', problem)
  return trust
}

function storeOf({ env }: Terminal, { state }: BundleActionOptions): BundleStore {
  return new BundleStore(
    state ?? env['THREECX_STATE'] ?? defaultStateDir(env, process.platform, process.getuid?.() === 0),
  )
}

/** A private key that others can read has signed for others already. */
function privateKey(path: string): KeyObject {
  let text: string
  try {
    const { mode, size } = statSync(path)
    if (process.getuid && (mode & 0o077) !== 0) throw new Error('others can read it; chmod 600')
    if (size > 4096) throw new Error(`it has ${size} bytes`)
    text = readFileSync(path, 'latin1')
  } catch (cause) {
    throw new HunterError('trust_unusable', `cannot sign with ${path}: ${messageOf(cause)}`, { cause })
  }
  return readPrivateKey(text, path)
}

function writeNew(path: string, text: string, mode: number): void {
  try {
    writeFileSync(path, text, { flag: 'wx', mode })
  } catch (cause) {
    throw new HunterError('output_failed', `cannot write ${path}: ${messageOf(cause)}`, { cause })
  }
}

function versionOf(text: string | undefined): number {
  if (text !== undefined && /^[1-9]\d{0,11}$/.test(text)) return Number(text)
  const said = text === undefined ? '' : `, not ${JSON.stringify(text)}`
  throw new HunterError(
    'usage',
    `bundle build needs --bundle-version N, a number above that of every earlier bundle${said}`,
  )
}

/** A date alone is its beginning in UTC. */
function timeOf(text: string): number {
  const ms = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms)) {
    throw new HunterError('usage', `--expires is ${JSON.stringify(text)}; expected 2027-03-31 or 2027-03-31T12:00:00Z`)
  }
  return ms / 1000
}

/** https://reproducible-builds.org/specs/source-date-epoch/ : the same sets and key then give the same bytes. */
function createdNow(env: NodeJS.ProcessEnv): number {
  const said = env['SOURCE_DATE_EPOCH'] ?? ''
  return /^\d{1,10}$/.test(said) ? Number(said) : nowSeconds()
}

function summary(opened: OpenedBundle): string {
  const { name, version, sets, rules, places, expires } = opened.content
  const until = expires === undefined ? '' : `, until ${isoOf(expires)}`
  const parts = `${sets.length} sets with ${indicatorsIn(opened)} indicators, ${rules.length} rule files, ${places.length} places`
  return `bundle ${name}, version ${version}: ${parts}${until}`
}

function indicatorsIn({ content }: OpenedBundle): number {
  return content.sets.reduce((sum, set) => sum + set.indicators.length, 0)
}

function oneFile(action: string, [file, ...rest]: readonly string[]): string {
  noMore(rest)
  if (file === undefined) throw new HunterError('usage', `${action} needs the file of a bundle`)
  return file
}

function noMore(args: readonly string[]): void {
  if (args.length > 0) throw new HunterError('usage', `unexpected argument ${JSON.stringify(args[0])}`)
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}

function isoOf(seconds: number | undefined): string {
  return seconds === undefined ? '' : new Date(seconds * 1000).toISOString().replace(/\.\d{3}Z$/, 'Z')
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function printableLines(lines: readonly string[]): string {
  return lines.map((line) => `${printable(line)}\n`).join('')
}
