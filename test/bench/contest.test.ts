/** A contest: equal answers first, then times. */
import { describe, expect, it } from 'vitest'
import { type Contender, contest, median } from './contest.ts'
import { kept } from './record.ts'

const says = (name: string, word: string): Contender => ({ name, command: `echo ${word}`, answer: (out) => out.trim() })

describe.skipIf(process.platform === 'win32')('a contest', () => {
  it('refuses different answers, by name', () => {
    expect(() => contest([says('one', 'a'), says('two', 'b')], 1)).toThrow('two answers b, not a')
  })

  it('refuses a command that fails, also at the head of a pipe', () => {
    expect(() => contest([{ name: 'one', command: 'false | cat', answer: () => '' }], 1)).toThrow('one failed')
  })

  it('times every round but the first, and is kept when it is named', () => {
    const [one] = contest([says('one', 'a'), says('two', 'a')], 3, 'cpu', 'names')
    expect(one?.seconds).toHaveLength(3)
    const names = kept().contests['names']?.contenders
    expect(names?.map(({ name, wall, cpu }) => [name, wall.length, cpu.length])).toEqual([
      ['one', 3, 3],
      ['two', 3, 3],
    ])
    expect(names?.every(({ wall, cpu }) => [...wall, ...cpu].every((value) => value >= 0))).toBe(true)
  })
})

describe('the median', () => {
  it('is the middle value, or the mean of the two in the middle', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 2, 3])).toBe(2.5)
    expect(median([])).toBeNaN()
  })
})
