/** A flags file, read as a real osqueryd 5.23 was seen to read it. */
import { describe, expect, it } from 'vitest'
import { flagValue, isOn, parseFlags } from '../../../extension/deployment/flags-file.ts'

const value = (text: string, name = 'extensions_autoload') => flagValue(parseFlags(text).flags, name)
const problems = (text: string) => parseFlags(text).problems.map(({ line, isFatal }) => ({ line, isFatal }))

describe('a flags file', () => {
  it.each([
    ['--extensions_autoload=/x\n', '/x'],
    ['-extensions_autoload=/x\n', '/x'],
    ['--extensions-autoload=/x\n', '/x'],
    ['  --extensions_autoload=/x\n', '/x'],
    ['--extensions_autoload=/x\r\n--verbose\r\n', '/x'],
    ['--extensions_autoload=/x\n--extensions_autoload=/y\n', '/y'],
    ['--unknown=1\n# --extensions_autoload=/z\n--extensions_autoload=/x', '/x'],
    ['--extensions_autoload=/x  \n', '/x  '],
    ['--extensions_autoload="/x"\n', '"/x"'],
    ['--extensions_autoload /x\n', undefined],
    ['extensions_autoload=/x\n', undefined],
    ['\ufeff--extensions_autoload=/x\n', undefined],
  ])('%j gives %j', (text, expected) => {
    expect(value(text)).toBe(expected)
  })

  it.each([
    ['--disable_extensions\n', true],
    ['--disable_extensions=true\n', true],
    ['--disable_extensions=yes\n', true],
    ['--disable_extensions=1\n', true],
    ['--disable_extensions=false\n', false],
    ['--disable_extensions\n--nodisable_extensions\n', false],
    ['--verbose\n', false],
  ])('%j switches extensions off: %j', (text, expected) => {
    expect(isOn(parseFlags(text).flags, 'disable_extensions')).toBe(expected)
  })

  it('loses everything below a line without a dash', () => {
    const text = '--verbose\nextensions_autoload=/x\n--disable_extensions\n'
    expect(isOn(parseFlags(text).flags, 'disable_extensions')).toBe(false)
    expect(problems(text)).toEqual([{ line: 2, isFatal: true }])
  })

  it.each([
    ['\ufeff--verbose\n', 1, true],
    ['--verbose\r\n--force\n', 1, true],
    ['--verbose\n--extensions_autoload /x\n', 2, false],
    ['--extensions_socket=/x \n', 1, false],
    ['--extensions_socket=/x # here\n', 1, false],
    ["--flagfile='/x'\n", 1, false],
  ])('%j has a problem in line %i', (text, line, isFatal) => {
    expect(problems(text)).toEqual([{ line, isFatal }])
  })

  it('says nothing against remarks, blanks and values with equals signs', () => {
    expect(problems('# x\n\n--a=b=c\n-d\n')).toEqual([])
  })
})
