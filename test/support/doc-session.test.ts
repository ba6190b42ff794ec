/** The test of the pages notices what it is there for. */
import { describe, expect, it } from 'vitest'
import { commandsOf } from './doc-page.ts'
import { missingLine } from './doc-session.ts'

const played = (output: string, ...promised: string[]) => ({ command: 'x', expected: 0, exit: 0, output, promised })

describe('what a page promises', () => {
  it.each([
    ['lines in their order, whatever stands between', 'a\nb\nc', ['a', 'c']],
    ['spaces of a table that is wider here', 'name   value\nx      1', ['name value', 'x 1']],
    ['anything where the page has an ellipsis', 'at /some/where: 3 files', ['at …: 3 files']],
    ['a line of ellipsis, which promises nothing', 'a', ['…', 'a', '…']],
    ['nothing', 'a', []],
  ])('is found: %s', (_name, output, promised) => {
    expect(missingLine(played(output, ...promised))).toBeUndefined()
  })

  it.each([
    ['a line that is not there', 'a\nb', ['a', 'x'], 'x'],
    ['lines in another order', 'b\na', ['a', 'b'], 'b'],
    ['one line that is promised twice', 'a', ['a', 'a'], 'a'],
    ['parts in another order', '3 files at', ['at … files'], 'at … files'],
  ])('is missed: %s', (_name, output, promised, missing) => {
    expect(missingLine(played(output, ...promised))).toBe(missing)
  })
})

describe('commands of a block', () => {
  it('are whole where a line goes on, and leave out comments', () => {
    const text = '# first\nthreecx hunt \\\n  --full\n\nthreecx query "x"    # exits with 1'
    expect(commandsOf({ language: 'sh', words: [], line: 1, text })).toEqual([
      'threecx hunt --full',
      'threecx query "x"    # exits with 1',
    ])
  })
})
