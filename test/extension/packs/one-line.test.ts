/** Statements on one line: what is left of them, and that it means the same. */
import { describe, expect, it } from 'vitest'
import { oneLine, quotedBlanks } from '../../../extension/packs/one-line.ts'

describe('oneLine', () => {
  it.each([
    ['-- why\nSELECT 1\n  FROM users -- all\nWHERE uid > 0', 'SELECT 1 FROM users WHERE uid > 0'],
    ["SELECT '-- no comment' AS a,\n  '/* nor this */' AS b", "SELECT '-- no comment' AS a, '/* nor this */' AS b"],
    ["SELECT 'it''s -- one text' /* two\nlines */ AS a", "SELECT 'it''s -- one text' AS a"],
    ['SELECT "a -- b", [c -- d], `e -- f`\nFROM t', 'SELECT "a -- b", [c -- d], `e -- f` FROM t'],
    ['SELECT 1 -- one\n  -- and\n  -- more\n  + 2', 'SELECT 1 + 2'],
    ['SELECT 1/* */+2', 'SELECT 1 +2'],
    ['SELECT 1 /* without an end', 'SELECT 1'],
    ["SELECT 'C:\\Users\\%\\%.dll'", "SELECT 'C:\\Users\\%\\%.dll'"],
    ['\t\nSELECT\r\n1 ', 'SELECT 1'],
  ])('of %j is %j', (sql, line) => {
    expect(oneLine(sql)).toBe(line)
    expect(oneLine(line)).toBe(line)
  })
})

describe('quotedBlanks', () => {
  it('names the texts that folding would change, and no others', () => {
    expect(quotedBlanks("SELECT 'a b', 'c  d' , \"e\n\", '\t'  -- 'f  g'")).toEqual(["'c  d'", '"e\n"', "'\t'"])
    expect(quotedBlanks("SELECT 'a b',\n  'c'  AS c")).toEqual([])
  })
})
