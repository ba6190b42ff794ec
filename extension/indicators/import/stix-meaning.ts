/**
 * What a STIX pattern means as indicators: the part of its language that says "this value".
 *
 * An indicator is one value. Equalities joined by OR are several. Equalities on one file joined by AND are still one
 * file: its digests identify it, its name comes along; a name and its directory are a path. Everything else (a
 * negation, a wildcard, two observations that must come together) would be a different and louder statement if a
 * part of it were taken alone, so it is reported instead.
 */
import type { ObservableType } from '../../domain/observable.ts'
import type { Comparison, ObjectPath, Observation, Test } from './stix-pattern.ts'

/** One value a pattern stands for. */
export interface Meaning {
  readonly type: ObservableType
  readonly value: string
  /** Name of the file, where the pattern ties one to the digest. */
  readonly fileName?: string
}

/** A part that cannot be carried over. */
export interface Loss {
  readonly part: string
  readonly reason: string
}

/** Everything a pattern gives. */
export interface Reading {
  readonly meanings: Meaning[]
  readonly losses: Loss[]
}

/** Reads a parsed pattern. Depth is that of the parser, which is bounded. */
export function readPattern(pattern: Observation): Reading {
  const reading: Reading = { meanings: [], losses: [] }
  readObservation(pattern, reading)
  return reading
}

function readObservation(node: Observation, out: Reading): void {
  if (node.kind === 'observation') readComparison(node.comparison, out)
  else if (node.kind === 'or') for (const part of node.parts) readObservation(part, out)
  else if (node.kind === 'qualified') readQualified(node, out)
  else {
    const word = node.kind === 'and' ? 'AND' : 'FOLLOWEDBY'
    out.losses.push({ part: word, reason: `${node.parts.length} observations must come together (${word})` })
  }
}

function readQualified(node: Extract<Observation, { kind: 'qualified' }>, out: Reading): void {
  const { qualifier } = node
  if (qualifier.kind === 'repeats' && qualifier.times > 1) {
    out.losses.push({ part: 'REPEATS', reason: `it must be seen ${qualifier.times} times (REPEATS)` })
  } else if (qualifier.kind === 'window') {
    const reason = `it holds from ${qualifier.start.slice(0, 40)} to ${qualifier.stop.slice(0, 40)} only (START, STOP)`
    out.losses.push({ part: 'START', reason })
  } else readObservation(node.inner, out)
}

function readComparison(node: Comparison, out: Reading): void {
  if (node.kind === 'test') readTest(node, out)
  else if (node.kind === 'or') for (const part of node.parts) readComparison(part, out)
  else readTogether(flat(node.parts), out)
}

function readTest(test: Test, out: Reading): void {
  const part = pathText(test.path)
  if (test.isNegated || test.operator === '!=') {
    out.losses.push({ part, reason: `${part} is negated` })
    return
  }
  if (test.operator !== '=' && test.operator !== 'IN') {
    out.losses.push({ part, reason: `${part} is compared with ${test.operator}; only = and IN name a value` })
    return
  }
  for (const { value } of test.values) {
    const meaning = meaningOf(test.path, value)
    if ('reason' in meaning) out.losses.push({ part, reason: meaning.reason })
    else out.meanings.push(meaning)
  }
}

/** Comparisons that hold of one object at once. */
function readTogether(parts: readonly Comparison[], out: Reading): void {
  const file = fileOf(parts)
  if (file === undefined) {
    const names = [
      ...new Set(parts.map((part) => (part.kind === 'test' ? pathText(part.path) : part.kind.toUpperCase()))),
    ]
    const shown = names.slice(0, 4).join(', ')
    out.losses.push({ part: shown, reason: `a combination (AND) of ${shown} is not one value` })
    return
  }
  const { digests, name, directory } = file
  if (digests.length > 0) {
    for (const digest of digests) out.meanings.push(name === undefined ? digest : { ...digest, fileName: name })
  } else if (name !== undefined && directory !== undefined) {
    out.meanings.push({ type: 'path', value: joined(directory, name) })
  } else if (name !== undefined) {
    out.losses.push({ part: 'file:name', reason: 'a file name with a size is not one value' })
  } else out.losses.push({ part: 'file', reason: 'a size or a directory alone is not one value' })
}

/** `(a AND b) AND c` is `a AND b AND c`. */
function flat(parts: readonly Comparison[]): Comparison[] {
  return parts.flatMap((part) => (part.kind === 'and' ? flat(part.parts) : part))
}

interface FileFacts {
  digests: Meaning[]
  name: string | undefined
  directory: string | undefined
}

/** The facts of one file, or undefined when the parts speak of something else too. */
function fileOf(parts: readonly Comparison[]): FileFacts | undefined {
  const facts: FileFacts = { digests: [], name: undefined, directory: undefined }
  for (const part of parts) {
    const tests = part.kind === 'test' ? [part] : part.kind === 'or' ? part.parts : []
    if (
      tests.length === 0 ||
      !tests.every((test) => test.kind === 'test' && addFact(facts, test, tests.length === 1))
    ) {
      return undefined
    }
  }
  return facts
}

function addFact(facts: FileFacts, test: Test, isAlone: boolean): boolean {
  const { path, operator, values, isNegated } = test
  const [first] = values
  if (path.object !== 'file' || isNegated || (operator !== '=' && operator !== 'IN') || first === undefined)
    return false
  if (path.steps[0] === 'hashes') {
    for (const { value } of values) {
      const meaning = meaningOf(path, value)
      if ('reason' in meaning) return false
      facts.digests.push(meaning)
    }
    return true
  }
  if (!isAlone || values.length > 1) return false
  if (sameSteps(path, ['name'])) facts.name = first.value
  else if (sameSteps(path, ['parent_directory_ref', 'path'])) facts.directory = first.value
  else return sameSteps(path, ['size'])
  return true
}

const digestTypes: ReadonlyMap<string, ObservableType> = new Map([
  ['SHA-256', 'sha256'],
  ['SHA256', 'sha256'],
  ['SHA-1', 'sha1'],
  ['SHA1', 'sha1'],
  ['MD5', 'md5'],
])

const properties: ReadonlyMap<string, ObservableType> = new Map([
  ['domain-name:value', 'domain'],
  ['url:value', 'url'],
  ['ipv4-addr:value', 'ip'],
  ['ipv6-addr:value', 'ip'],
  ['email-addr:value', 'email'],
  ['file:name', 'filename'],
  ['windows-registry-key:key', 'registry_key'],
  ['process:command_line', 'command_line'],
  ['mutex:name', 'named_event'],
  ['x509-certificate:serial_number', 'certificate'],
  ['network-traffic:extensions.http-request-ext.request_header.User-Agent', 'user_agent'],
])

/** The type a property has among observables. */
export function meaningOf(path: ObjectPath, value: string): Meaning | { readonly reason: string } {
  const name = pathText(path)
  if (path.object === 'file' && path.steps[0] === 'hashes') {
    const algorithm = path.steps[1] ?? ''
    const type = path.steps.length === 2 ? digestTypes.get(algorithm.toUpperCase()) : undefined
    return type ? { type, value } : { reason: `${algorithm || 'such'} digests are not compared` }
  }
  if (name === 'network-traffic:dst_ref.value' || name === 'network-traffic:src_ref.value') {
    return { type: /^[\d.]+$|:/.test(value) ? 'ip' : 'domain', value }
  }
  const type = properties.get(name)
  if (type === undefined) return { reason: `the property ${name.slice(0, 100)} is not compared` }
  if (type === 'filename' && /[/\\]/.test(value)) return { type: 'path', value }
  return { type, value: type === 'certificate' ? value.replaceAll(':', '').toUpperCase() : value }
}

function pathText(path: ObjectPath): string {
  return `${path.object}:${path.steps.join('.')}`
}

function sameSteps(path: ObjectPath, steps: readonly string[]): boolean {
  return path.steps.length === steps.length && steps.every((step, at) => path.steps[at] === step)
}

function joined(directory: string, name: string): string {
  const separator = directory.includes('\\') ? '\\' : '/'
  return directory.endsWith(separator) ? directory + name : directory + separator + name
}
