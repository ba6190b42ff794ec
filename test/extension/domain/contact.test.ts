/** Contacts: what is one, what is counted together, and what a URL adds to its host. */
import { describe, expect, it } from 'vitest'
import { Contacts } from '../../../extension/domain/contact.ts'
import type { Evidence } from '../../../extension/domain/evidence.ts'
import { matcher } from '../../../extension/domain/match.ts'
import type { Observable } from '../../../extension/domain/observable.ts'
import { loadBundledSets } from '../../../extension/indicators/index.ts'

const { match } = matcher(loadBundledSets().flatMap((set) => set.indicators))

function evidence(observables: readonly Observable[], more: Partial<Evidence> = {}): Evidence {
  return { source: 'squid', path: '/var/log/squid/access.log', offset: 10, observables, ...more }
}

const domain = (value: string): Observable => ({ type: 'domain', value })
const url = (value: string): Observable => ({ type: 'url', value })

function gathered(...all: readonly Evidence[]) {
  const contacts = new Contacts()
  for (const one of all) contacts.add(match(one))
  return contacts.all()
}

describe('contacts', () => {
  it('of one indicator, file and user are counted together, with first and last time and the first record', () => {
    const found = gathered(
      evidence([domain('officeaddons.com')], { time: 200, user: 'alice', raw: 'second' }),
      evidence([domain('www.officeaddons.com')], { time: 100, lastTime: 400, count: 3, user: 'alice' }),
      evidence([domain('officeaddons.com')], { time: 300, user: 'bob' }),
    )
    expect(found).toHaveLength(2)
    expect(found[0]).toMatchObject({
      indicator: 'officeaddons.com',
      user: 'alice',
      count: 4,
      firstSeen: 100,
      lastSeen: 400,
      value: 'second',
      offset: 10,
      verdict: 'malicious',
      stage: 'c2',
    })
    expect(found[0]?.indicators.length).toBeGreaterThan(1)
    expect(new Set(found[0]?.indicators).size).toBe(found[0]?.indicators.length)
  })

  it('name an indicator once, however many names of one record it matches', () => {
    const [found] = gathered(evidence([domain('officeaddons.com'), domain('www.officeaddons.com')]))
    expect(new Set(found?.indicators).size).toBe(found?.indicators.length)
    expect(found?.count).toBe(1)
  })

  it('that a setting names only are suspicious', () => {
    const [named] = gathered(evidence([domain('officeaddons.com')], { isOnlyNamed: true }))
    expect(named?.verdict).toBe('suspicious')
  })

  it('with a URL and its host are one, under the host', () => {
    const found = gathered(evidence([url('https://officeaddons.com/technologies'), domain('officeaddons.com')]))
    expect(found.map(({ type, indicator, url: address }) => ({ type, indicator, address }))).toEqual([
      { type: 'domain', indicator: 'officeaddons.com', address: 'https://officeaddons.com/technologies' },
    ])
  })

  it('with a URL on a host of others are that URL', () => {
    const address = 'https://raw.githubusercontent.com/IconStorages/images/main/icon3.ico'
    const found = gathered(evidence([url(address), domain('raw.githubusercontent.com')]))
    expect(found.map(({ type, stage }) => ({ type, stage }))).toEqual([{ type: 'url', stage: 'dead_drop' }])
    expect(
      gathered(evidence([url('https://raw.githubusercontent.com/other/x'), domain('raw.githubusercontent.com')])),
    ).toEqual([])
  })

  it('are none where only context or look-alikes match', () => {
    expect(gathered(evidence([domain('notofficeaddons.com'), domain('officeaddons.com.example')]))).toEqual([])
    expect(gathered(evidence([{ type: 'ip', value: '198.54.115.59' }])), 'shared hosting').toEqual([])
  })

  it('of a resolver are counted by who asked, not by its answers; answers alone count', () => {
    const question = evidence([domain('sbmsa.wiki')], { client: '10.0.0.5', time: 100 })
    const answer = evidence([domain('sbmsa.wiki')], { time: 100 })
    expect(gathered(question, answer, answer).map(({ client, count }) => ({ client, count }))).toEqual([
      { client: '10.0.0.5', count: 1 },
    ])
    expect(gathered(answer, answer)).toMatchObject([{ client: '', count: 2 }])
  })

  it('without times have none, and are bounded', () => {
    const contacts = new Contacts(2)
    for (const user of ['a', 'b', 'c', 'a']) contacts.add(match(evidence([domain('sbmsa.wiki')], { user })))
    expect(contacts.all().map(({ user, count, firstSeen }) => ({ user, count, firstSeen }))).toEqual([
      { user: 'a', count: 2, firstSeen: undefined },
      { user: 'b', count: 1, firstSeen: undefined },
    ])
    expect(contacts.dropped).toBe(1)
  })
})
