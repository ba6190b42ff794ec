/**
 * Plain lists: one value on a line.
 *
 * The commonest exchange format has no rules, so the habits of the field are honoured: `#` and `//` comments, a comment
 * behind a value, `sha256sum` output (digest, blanks, name), and hosts files (`0.0.0.0 bad.example`).
 */
import type { Intake } from './candidate.ts'
import { cleaned } from './refang.ts'
import { typedValue } from './value-type.ts'

/** Reads a list. */
export function readPlainList(text: string, intake: Intake): void {
  let number = 0
  for (const line of lines(text)) {
    number += 1
    const place = `line ${number}`
    const { value, remark } = split(line)
    if (value === '') continue
    intake.read()
    const typed = typedValue(value)
    if (typed === undefined) intake.skip(place, value, 'not a digest, address, domain, URL, path or file name')
    else intake.offer({ place, ...typed, ...(remark === '' ? {} : { component: remark }) })
  }
}

/** Lines without building a second copy of the text. */
function* lines(text: string): Generator<string> {
  let start = 0
  while (start <= text.length) {
    const end = text.indexOf('\n', start)
    yield text.slice(start, end < 0 ? text.length : end)
    if (end < 0) return
    start = end + 1
  }
}

/** The value of a line and what stands behind it. A line too long for any value is passed on whole, to be refused. */
function split(line: string): { value: string; remark: string } {
  if (line.length > 8192) return { value: line, remark: '' }
  const text = cleaned(line)
  if (text === '' || /^(#|\/\/|;|!)/.test(text)) return { value: '', remark: '' }
  const at = text.search(/\s(#|\/\/|;)/)
  const body = at < 0 ? text : text.slice(0, at).trimEnd()
  const remark = at < 0 ? '' : text.slice(at + 1).replace(/^(#|\/\/|;)+\s*/, '')
  const summed = /^([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})[ \t,;]+\*?(\S.*)$/i.exec(body)
  if (summed) return { value: summed[1] ?? '', remark: remark || cleaned(summed[2] ?? '') }
  const host = /^(?:0\.0\.0\.0|127\.0\.0\.1|::1?)[ \t]+(\S+)$/.exec(body)
  return { value: host?.[1] ?? body, remark }
}
