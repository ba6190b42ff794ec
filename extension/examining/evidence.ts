/**
 * From what an examination saw to evidence: one record each, with its address.
 *
 * A trait and a rule are observables by name. A payload speaks through the digests of what was decoded and through the
 * addresses in it: published digests of the hidden library, and C2 addresses, are indicators like any other.
 */
import type { Evidence } from '../domain/evidence.ts'
import type { Observable } from '../domain/observable.ts'
import type { Payload } from '../domain/payload.ts'
import type { Trait } from '../domain/trait.ts'
import type { RuleMatch } from '../rules/rule-search.ts'
import type { Examined } from './examiner.ts'

/** Strings of a rule that are shown. */
const maxStrings = 8

/** Evidence of one file; `base` says which. */
export function examinedEvidence(seen: Examined, base: Pick<Evidence, 'path' | 'time'>): Evidence[] {
  const { examination, rules, members } = seen
  return [
    ...examination.traits.map((trait) => ({ ...base, ...traitEvidence(trait) })),
    ...rules.map((match) => ({ ...base, ...ruleEvidence(match) })),
    ...examination.payloads.map((payload) => ({ ...base, ...payloadEvidence(payload) })),
    ...members.flatMap(({ path, sha256 }) =>
      sha256 === undefined ? [] : [{ ...base, ...memberEvidence(path, sha256) }],
    ),
  ]
}

type Part = Omit<Evidence, 'path' | 'time'>

function traitEvidence({ name, offset, length, fields, member }: Trait): Part {
  return {
    source: 'structure',
    ...(offset !== undefined && { offset }),
    ...(length !== undefined && { length }),
    ...(fields && { fields }),
    ...(member !== undefined && { member }),
    observables: [{ type: 'structure', value: name }],
  }
}

function ruleEvidence({ rule, strings, member }: RuleMatch): Part {
  const [first] = strings
  const shown = strings.slice(0, maxStrings).map(({ identifier, offset }) => [identifier, offset] as const)
  return {
    source: 'yara',
    ...(first && { offset: first.offset, length: first.length }),
    ...(shown.length > 0 && { fields: Object.fromEntries(shown) }),
    ...(member !== undefined && { member }),
    observables: [{ type: 'yara_rule', value: rule }],
  }
}

function memberEvidence(member: string, sha256: string): Part {
  return { source: 'member', member, observables: [{ type: 'sha256', value: sha256 }] }
}

function payloadEvidence({ kind, offset, length, sha256, parts, urls, member }: Payload): Part {
  const digests = [sha256, ...parts.map((part) => part.sha256)].map((value): Observable => ({ type: 'sha256', value }))
  return {
    source: 'payload',
    offset,
    length,
    fields: { kind },
    ...(member !== undefined && { member }),
    observables: [...digests, ...urls.map((value): Observable => ({ type: 'url', value }))],
  }
}
