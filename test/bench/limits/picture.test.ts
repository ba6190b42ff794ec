/** The picture of a run: it is XML, it says in words what it shows, and what is drawn is on the paper. */
import { DOMParser, type Document } from '@xmldom/xmldom'
import { describe, expect, it } from 'vitest'
import { readResults } from '../results.ts'
import { sampleRun } from '../run-sample.ts'
import { type Breakdown, breakdowns } from './breakdown.ts'
import { picture } from './picture.ts'

/** Refuses what is not well-formed, warnings included. */
function parsed(svg: string): Document {
  const refuse = (level: string, message: string): void => {
    throw new Error(`${level}: ${message}`)
  }
  return new DOMParser({ onError: refuse }).parseFromString(svg, 'image/svg+xml')
}

const samples: readonly (readonly [string, readonly Breakdown[]])[] = [
  ['a made-up run', breakdowns(sampleRun())],
  ['the committed run', breakdowns(readResults())],
  ['a run without limits', []],
]

describe.each(samples)('the picture of %s', (_, parts) => {
  const svg = picture(parts, 'a <made-up> machine & "more"')
  const root = parsed(svg).documentElement

  it('is well-formed SVG with a name and a description', () => {
    expect(root?.namespaceURI).toBe('http://www.w3.org/2000/svg')
    expect(root?.getElementsByTagName('title')[0]?.textContent).not.toBe('')
    const words = root?.getElementsByTagName('desc')[0]?.textContent ?? ''
    for (const { title } of parts) expect(words).toContain(title)
  })

  it('shows a number for each bar', () => {
    const texts = [...(root?.getElementsByTagName('text') ?? [])].map((one) => one.textContent ?? '')
    const numbers = texts.filter((text) => /^\d+\.\d\d {2}\(/.test(text))
    expect(numbers).toHaveLength(parts.flatMap(({ bars }) => bars).length)
  })

  it('draws nothing beside the paper', () => {
    const [, , width = 0, height = 0] = (root?.getAttribute('viewBox') ?? '').split(' ').map(Number)
    const at = (element: { getAttribute(name: string): string | null }, name: string): number =>
      Number(element.getAttribute(name) ?? 0)
    for (const one of root?.getElementsByTagName('rect') ?? []) {
      expect(at(one, 'x') + at(one, 'width')).toBeLessThanOrEqual(width)
      expect(at(one, 'y') + at(one, 'height')).toBeLessThanOrEqual(height)
      expect(at(one, 'width')).toBeGreaterThanOrEqual(0)
    }
  })

  it('has no scripts and asks for nothing from elsewhere', () => {
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/<script|href|https?:|url\(|@import/)
  })
})

describe('the picture', () => {
  it('is the same for the same run', () => {
    expect(picture(breakdowns(sampleRun()), 'm')).toBe(picture(breakdowns(sampleRun()), 'm'))
  })

  it('keeps texts as they are', () => {
    const texts = [...(parsed(picture([], 'a <b> & "c"')).documentElement?.getElementsByTagName('text') ?? [])]
    expect(texts.map((one) => one.textContent)).toContain('a <b> & "c"')
  })

  it('breaks a bar of many limits, and says its true length', () => {
    const svg = picture(breakdowns(sampleRun()), 'm')
    // 80 seconds of three digests, where the limit is 3.
    expect(svg).toContain('26.67  (80.00 s)')
    expect(parsed(svg).getElementsByTagName('line').length).toBeGreaterThan(3)
    expect(svg).toContain('class="break"')
  })
})
