/**
 * The shape of a bundle's payload, and the checks of everything in it: those of the files in iocs/.
 */
import { z } from 'zod'
import { HunterError } from '../../domain/errors.ts'
import { addIssues } from '../issues.ts'
import { type IndicatorProblem, ProblemList, quoted } from '../problems.ts'
import { placeDocument } from '../schema.ts'
import { readSetValue } from '../set-file.ts'
import { isRecord } from '../text.ts'
import { type BundlePayload, payloadFormat } from './content.ts'

const time = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'a time such as 2026-11-28T09:30:00Z')
  .refine((text) => !Number.isNaN(Date.parse(text)), 'a time such as 2026-11-28T09:30:00Z')

/** Everything of a payload but its sets, which are read one by one. */
const header = z.strictObject({
  format: z.literal(payloadFormat),
  name: z
    .string()
    .max(80)
    .regex(/^[a-z0-9][a-z0-9._-]*$/, 'a lower-case name such as acme-3cx'),
  // Room for a version made of a date and a number, far below what a JSON number loses digits of.
  version: z.int().min(1).max(999_999_999_999),
  created: time,
  expires: time.exactOptional(),
  requires: z
    .strictObject({ threecx: z.string().regex(/^\d{1,6}\.\d{1,6}\.\d{1,6}$/, 'a version such as 0.1.0') })
    .exactOptional(),
  rules: z
    .array(
      z.strictObject({
        name: z
          .string()
          .max(80)
          .regex(/^[a-z0-9][a-z0-9._-]*$/, 'a lower-case name such as loader'),
        text: z
          .string()
          .min(1)
          .max(4 << 20),
      }),
    )
    .max(200),
  places: z.array(placeDocument).max(1000),
})

const maxSets = 1000

/** Beginnings of ids that sets from elsewhere have: of rules, and of what an operator imports. */
const reserved = ['yara/', 'rules/', 'imported/']

/** A bundle whose content is not in order, with every problem. */
export class BundleInvalid extends HunterError {
  readonly problems: readonly IndicatorProblem[]

  constructor(file: string, problems: readonly IndicatorProblem[]) {
    const [first] = problems
    const rest = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
    super('bundle_invalid', `cannot use bundle ${file}: ${first?.place ?? ''}: ${first?.message ?? ''}${rest}`)
    this.name = 'BundleInvalid'
    this.problems = problems
  }
}

/** The payload, checked to its end. Throws `BundleInvalid` with all problems. */
export function checkPayload(value: unknown, file: string): BundlePayload {
  const problems = new ProblemList(file)
  if (!isRecord(value)) {
    problems.add('payload', 'not an object; expected the payload of a bundle')
    throw new BundleInvalid(file, problems.all())
  }
  const { sets, ...rest } = value
  const parsed = header.safeParse(rest)
  if (!parsed.success) addIssues(problems, parsed.error.issues, '', rest)
  const found = [...problems.all(), ...setProblems(sets, file)]
  if (parsed.success) found.push(...contentProblems(parsed.data, sets, file))
  if (found.length > 0 || !parsed.success) throw new BundleInvalid(file, found)
  return { ...parsed.data, sets: sets as BundlePayload['sets'] } // every set was read
}

function setProblems(sets: unknown, file: string): IndicatorProblem[] {
  if (!Array.isArray(sets)) return [{ file, place: 'sets', message: 'missing or no list; expected a list' }]
  if (sets.length > maxSets) {
    return [{ file, place: 'sets', message: `${sets.length} entries; expected at most ${maxSets}` }]
  }
  const first = new Map<string, number>()
  return sets.flatMap((value: unknown, at): IndicatorProblem[] => {
    const place = `sets[${at}]`
    const read = readSetValue(value, file)
    if ('problems' in read) return read.problems.map((one) => ({ ...one, place: joined(place, one.place) }))
    const { id } = read.set
    const before = first.get(id)
    if (before !== undefined) {
      return [{ file, place: `${place}.id`, message: `set ${quoted(id)} is already sets[${before}]` }]
    }
    first.set(id, at)
    if (!reserved.some((prefix) => id.startsWith(prefix))) return []
    return [{ file, place: `${place}.id`, message: `id is ${quoted(id)}; ${reserved.join(', ')} are not for bundles` }]
  })
}

function contentProblems(
  { rules, places, created, expires }: z.infer<typeof header>,
  sets: unknown,
  file: string,
): IndicatorProblem[] {
  const found: IndicatorProblem[] = []
  const add = (place: string, message: string) => found.push({ file, place, message })
  for (const [at, name] of twins(rules.map((one) => one.name)))
    add(`rules[${at}].name`, `${quoted(name)} is there twice`)
  for (const [at, id] of twins(places.map((one) => one.id))) add(`places[${at}].id`, `${quoted(id)} is there twice`)
  if (expires !== undefined && expires <= created) add('expires', `${expires} is not after ${created}`)
  const isEmpty = Array.isArray(sets) && sets.length + rules.length + places.length === 0
  if (isEmpty) add('sets', 'no set, no rules and no places; expected something')
  return found
}

function twins(names: readonly string[]): [number, string][] {
  return [...names.entries()].filter(([at, name]) => names.indexOf(name) !== at)
}

function joined(place: string, below: string): string {
  return below === '' ? place : `${place}.${below}`
}
