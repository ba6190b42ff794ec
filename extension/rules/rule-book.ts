/**
 * Rules as data: what each one means, which files it looks at, and the indicator it becomes.
 *
 * Metadata says what a match means, as in any indicator set; nothing is compiled for that, so that a process which only
 * answers questions never starts YARA. Rules of operators may leave metadata out: they are then of unknown stage and
 * suspicious. A problem costs its rule.
 */
import { createHash } from 'node:crypto'
import { type FileKind, fileKinds } from '../domain/file-kind.ts'
import { type Indicator, type IndicatorSet, type Provenance, stages, statuses } from '../domain/indicator.ts'
import { levels } from '../domain/level.ts'
import { platforms } from '../domain/platform.ts'
import { type MetaValue, type RuleText, rulesIn } from './rule-text.ts'

/** One rule, ready to be compiled, and what decides which files it sees. */
export interface Rule extends RuleText {
  /** File it comes from, as it is shown. */
  readonly file: string
  /** Kinds of file it looks at; absent: all. */
  readonly kinds?: readonly FileKind[]
  /** Bytes of the largest file it looks at; absent: any. */
  readonly maxSize?: number
  /** Byte strings, lower-case hex, of which one is in every file it can match; absent: none is known. */
  readonly needles?: readonly string[]
}

/** Why a rule, or a file of them, is not in force. */
export interface RuleProblem {
  readonly file: string
  readonly line: number
  /** Empty when the problem lies outside a rule. */
  readonly rule: string
  readonly message: string
}

/** Rules of some files. */
export interface RuleBook {
  readonly rules: readonly Rule[]
  /** One per file: its rules as indicators. */
  readonly sets: readonly IndicatorSet[]
  readonly problems: readonly RuleProblem[]
}

/** A file of rules. */
export interface RuleSource {
  readonly file: string
  /** Id of the set it becomes. */
  readonly set: string
  readonly text: string
  readonly source: Provenance
}

/** The contract of the native search. */
const needleLength = { least: 4, most: 64 } as const
const maxNeedles = 16
/** A file of more rules than this is a mistake. */
const maxRules = 2000

/** Reads files of rules. Total: what cannot be used is a problem. */
export function readRules(sources: readonly RuleSource[]): RuleBook {
  const books = sources.map(readSource)
  return {
    rules: books.flatMap((one) => one.rules),
    sets: books.flatMap((one) => one.sets),
    problems: books.flatMap((one) => one.problems),
  }
}

function readSource({ file, set, text, source }: RuleSource): RuleBook {
  const { rules: texts, problems: found } = rulesIn(text)
  const problems: RuleProblem[] = found.map((one) => ({ file, rule: '', ...one }))
  const rules: Rule[] = []
  const indicators: Indicator[] = []
  const names = new Set<string>()
  for (const one of texts.slice(0, maxRules)) {
    const problem = (message: string) => problems.push({ file, line: one.line, rule: one.name, message })
    if (names.has(one.name)) {
      problem('the name is taken by an earlier rule of this file')
      continue
    }
    names.add(one.name)
    const meaning = meaningOf(one.meta)
    for (const message of meaning.problems) problem(message)
    rules.push({ ...one, file, ...scopeOf(one.meta, problem) })
    if (!one.isPrivate) indicators.push(indicatorOf(set, indicators.length + 1, one, meaning))
  }
  if (texts.length > maxRules) {
    problems.push({ file, line: 0, rule: '', message: `${texts.length} rules; the first ${maxRules} are in force` })
  }
  const version = createHash('sha256').update(text).digest('hex')
  const title = `YARA rules of ${file}`
  return { rules, sets: indicators.length === 0 ? [] : [{ id: set, title, source, indicators, version }], problems }
}

interface Meaning extends Pick<Indicator, 'component' | 'stage' | 'level' | 'status' | 'platform' | 'note'> {
  readonly problems: readonly string[]
}

function meaningOf(meta: RuleText['meta']): Omit<Meaning, 'component'> & { readonly component: string | undefined } {
  const problems: string[] = []
  const one = <T extends string>(key: string, allowed: readonly T[], fallback: T): T => {
    const value = meta[key]
    const known = allowed.find((word) => word === value)
    if (value !== undefined && known === undefined) {
      problems.push(`${key} is ${JSON.stringify(value)}; expected ${allowed.join(', ')}`)
    }
    return known ?? fallback
  }
  const platform = platforms.find((word) => word === meta['platform'])
  const { description } = meta
  return {
    component: typeof meta['component'] === 'string' ? meta['component'].slice(0, 200) : undefined,
    stage: one('stage', stages, 'unknown'),
    level: one('level', levels, 'high'),
    status: one('status', statuses, 'malicious'),
    ...(platform && { platform }),
    ...(typeof description === 'string' && { note: description.slice(0, 1000) }),
    problems,
  }
}

function indicatorOf(set: string, position: number, rule: RuleText, meaning: ReturnType<typeof meaningOf>): Indicator {
  const stated = rule.meta['number']
  const number = typeof stated === 'number' && stated > 0 ? stated : position
  const { problems: _, component = rule.name, ...rest } = meaning
  return { id: `${set}/${number}`, set, number, type: 'yara_rule', value: rule.name, component, ...rest }
}

/** What decides which files a rule sees. A statement that makes no sense is dropped, and the rule sees more. */
function scopeOf(
  meta: RuleText['meta'],
  problem: (message: string) => void,
): Pick<Rule, 'kinds' | 'maxSize' | 'needles'> {
  const kinds = words(meta['kinds']).flatMap((word) => {
    const kind = fileKinds.find((one) => one === word)
    if (!kind) problem(`kinds names ${JSON.stringify(word)}; expected ${fileKinds.join(', ')}`)
    return kind ?? []
  })
  const needles = words(meta['needles'])
  const { least, most } = needleLength
  const isHex = (hex: string) => /^(?:[0-9a-f]{2})+$/.test(hex) && hex.length >= 2 * least && hex.length <= 2 * most
  const isSound = needles.every(isHex) && needles.length <= maxNeedles
  if (!isSound)
    problem(
      `needles are ${JSON.stringify(meta['needles'])}; expected lower-case hex of ${least} to ${most} bytes, at most ${maxNeedles}`,
    )
  const maxSize = meta['max_size']
  return {
    ...(kinds.length > 0 && { kinds }),
    ...(typeof maxSize === 'number' && { maxSize }),
    ...(isSound && needles.length > 0 && { needles }),
  }
}

function words(value: MetaValue | undefined): string[] {
  return typeof value === 'string'
    ? value
        .split(',')
        .map((word) => word.trim())
        .filter(Boolean)
    : []
}
