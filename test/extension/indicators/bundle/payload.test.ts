/** The inside of a bundle: everything is checked before use, each problem has its place, and what shipped is kept. */
import { describe, expect, it } from 'vitest'
import type { BundleInvalid } from '../../../../extension/indicators/bundle/check-payload.ts'
import { withBundle } from '../../../../extension/indicators/bundle/content.ts'
import { publicKeyOf } from '../../../../extension/indicators/bundle/keys.ts'
import { type OpenedBundle, openBundle } from '../../../../extension/indicators/bundle/open-bundle.ts'
import { openBundledData } from '../../../../extension/indicators/checked-data.ts'
import { bundleNow, bundleOf, newSigner, payloadOf, setOf } from '../../../support/bundles.ts'

const acme = newSigner()
const trust = { keys: new Map([[acme.id, { ...publicKeyOf(acme.key), name: 'acme' }]]), problems: [] }

async function open(payload: unknown, now = bundleNow): Promise<OpenedBundle> {
  return await openBundle(bundleOf(payload, acme), { file: 'x.bundle', trust, now })
}

async function problemsOf(payload: unknown): Promise<string[]> {
  const error = await open(payload).then(
    () => undefined,
    (cause: unknown) => cause as BundleInvalid,
  )
  expect(error?.code).toBe('bundle_invalid')
  return (error?.problems ?? []).map(({ place, message }) => `${place}: ${message}`)
}

describe('a payload', () => {
  it.each([
    [
      'a set is not canonical',
      { sets: [setOf('acme/new', { value: 'Evil.example' })] },
      /^sets\[0\]\.indicators\[0\]\.value: domain is "Evil\.example"; expected the canonical form/,
    ],
    [
      'a set has a field nobody knows',
      { sets: [{ ...setOf('acme/new'), more: 1 }] },
      /^sets\[0\]: unknown field "more"/,
    ],
    [
      'an indicator makes no sense',
      { sets: [setOf('acme/new', { type: 'path', value: '/*' })] },
      /^sets\[0\]\.indicators\[0\]\.value: path is/,
    ],
    [
      'two sets have one id',
      { sets: [setOf('acme/new'), setOf('acme/new')] },
      /^sets\[1\]\.id: set "acme\/new" is already sets\[0\]/,
    ],
    ['a set takes the name of rules', { sets: [setOf('yara/loader')] }, /^sets\[0\]\.id: id is "yara\/loader"/],
    ['sets are no list', { sets: {} }, /^sets: missing or no list/],
    [
      'a place is there twice',
      { places: ['a', 'a'].map((id) => ({ id, platform: 'linux', pattern: 'opt/x/*', what: 'x', component: 'x' })) },
      /^places\[1\]\.id: "a" is there twice/,
    ],
    [
      'rules are there twice',
      { rules: ['a', 'a'].map((name) => ({ name, text: 'rule x { condition: true }' })) },
      /^rules\[1\]\.name: "a" is there twice/,
    ],
    ['the version is no whole number', { version: 1.5 }, /^version: found 1\.5; expected a whole number/],
    ['the name is none', { name: '../x' }, /^name: found "\.\.\/x"; expected a lower-case name/],
    ['a time is none', { created: '2026-13-01T00:00:00Z' }, /^created: /],
    ['it ends before it begins', { expires: '2026-10-01T00:00:00Z' }, /^expires: /],
    ['there is nothing in it', { sets: [] }, /^sets: no set, no rules and no places/],
    ['it has a field nobody knows', { extra: true }, /^: unknown field "extra"/],
  ])('is refused with its place when %s', async (_, fields, expected) => {
    expect((await problemsOf(payloadOf(7, fields)))[0]).toMatch(expected)
  })

  it('tells all of its problems at once', async () => {
    const sets = [setOf('acme/a', { level: 'grave' }), setOf('acme/b', { value: 'Big.example' })]
    expect(await problemsOf(payloadOf(0, { sets }))).toHaveLength(3)
  })

  it.each([
    ['no JSON', '{"format":1,'],
    ['no object', '[1]'],
    ['too deep', `{"format":1,"sets":${'['.repeat(100)}${']'.repeat(100)}}`],
    ['of no known format', '{"format":0}'],
  ])('is refused when it is %s', async (_, text) => {
    await expect(open(text)).rejects.toMatchObject({ code: 'bundle_invalid' })
  })

  it('is refused when it is not UTF-8', async () => {
    const { signBundle } = await import('../../../../extension/indicators/bundle/build.ts')
    const bytes = signBundle(Buffer.from([0x7b, 0xff, 0x7d]), [acme.key])
    await expect(openBundle(bytes, { file: 'x', trust, now: bundleNow })).rejects.toMatchObject({
      code: 'bundle_invalid',
    })
  })

  it('of a newer program is told apart, whatever its shape', async () => {
    await expect(open({ format: 2, name: 5 })).rejects.toMatchObject({ code: 'bundle_too_new' })
    const requires = { requires: { threecx: '999.0.0' }, unheard: 'of' }
    await expect(open(payloadOf(7, requires))).rejects.toMatchObject({ code: 'bundle_too_new' })
    expect((await open(payloadOf(7, { requires: { threecx: '0.0.9' } }))).content.version).toBe(7)
  })

  it('is refused from the second on at which it expires', async () => {
    const fields = { expires: '2026-11-28T00:00:00Z' }
    await expect(open(payloadOf(7, fields))).rejects.toMatchObject({ code: 'bundle_expired' })
    expect((await open(payloadOf(7, fields), bundleNow - 1)).content.expires).toBe(bundleNow)
  })
})

describe('the data in force', () => {
  it('is what ships, with sets and places of the bundle in place of those with the same id', async () => {
    const shipped = await openBundledData()
    const [first] = shipped.sets
    const [place] = shipped.places
    if (!first || !place) throw new Error('nothing ships')
    const withdrawn = { ...setOf(first.id), indicators: [] }
    const moved = { ...place, what: 'moved' }
    const { content } = await open(payloadOf(7, { sets: [withdrawn, setOf('acme/new')], places: [moved] }))
    const { sets, places, sourcePlaces } = withBundle(shipped, content)
    expect(sets).toHaveLength(shipped.sets.length + 1)
    expect(sets[0]).toMatchObject({
      id: first.id,
      indicators: [],
      origin: { kind: 'bundle', name: 'acme', version: 7 },
    })
    expect(sets.slice(1, -1)).toEqual(shipped.sets.slice(1))
    expect(sets.at(-1)?.id).toBe('acme/new')
    expect(places.map(({ id }) => id)).toEqual(shipped.places.map(({ id }) => id))
    expect(places[0]?.what).toBe('moved')
    expect(sourcePlaces).toBe(shipped.sourcePlaces)
  })

  it('has sets of the same version whether they shipped or were delivered', async () => {
    const shipped = await openBundledData()
    const [first] = shipped.sets
    if (!first) throw new Error('nothing ships')
    const indicators = first.indicators.map(({ id: _id, set: _set, ...rest }) => rest)
    const { id, title, source } = first
    const { content } = await open(payloadOf(7, { sets: [{ id, title, source, indicators }] }))
    expect(content.sets[0]?.version).toBe(first.version)
  })
})
