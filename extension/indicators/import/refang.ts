/**
 * Refanging: `hxxp[:]//bad[.]example` back to what it means, and defanging, its inverse.
 *
 * Analysts defang so that nobody clicks by mistake, and each has a habit of their own. Queries copied with the
 * brackets left in find nothing, so a list is refanged once, here, before anything is compared. Refanging is
 * idempotent: it runs until nothing changes, and every rule shortens the text or takes an `x` away.
 */

/** Longest text that is refanged; longer is no value of ours, and stays as it is. */
const maxLength = 8192

/** Rounds until nothing changes. Honest values need one or two; nesting deeper than this is not a value but an attack. */
const maxRounds = 16

/** Characters that are invisible in a report and survive copying: zero width, soft hyphen, word joiner, byte order mark. */
const invisible = /[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]/g

/** Blanks, quotation of any kind, and what a document puts around a value. */
const leading = new Set(' \t\r\n\v\f\u00a0"\'`\u2018\u2019\u201c\u201d\u00ab\u00bb<')

/** The same behind a value, and the separators of lists. */
const trailing = new Set(' \t\r\n\v\f\u00a0"\'`\u2018\u2019\u201c\u201d\u00ab\u00bb>,;')

const rules: readonly (readonly [RegExp, string])[] = [
  [/ ?(?:\[ ?(?:\.|dot) ?\]|\( ?(?:\.|dot) ?\)|\{ ?(?:\.|dot) ?\}|< ?(?:\.|dot) ?>) ?/gi, '.'],
  [/ ?(?:\[ ?(?:@|at) ?\]|\( ?(?:@|at) ?\)|\{ ?(?:@|at) ?\}) ?/gi, '@'],
  [/\[:\/\/\]|\(:\/\/\)|\{:\/\/\}/g, '://'],
  [/\[:\]|\(:\)|\{:\}/g, ':'],
  [/\[\/\]|\(\/\)|\{\/\}/g, '/'],
  [/^h(?:xx|tx|xt|\*\*)p(s?)(?=:)/i, 'http$1'],
  [/^http\[s\](?=:)/i, 'https'],
]

/** A value without what surrounds it in a document: quotes, blanks, list separators, invisible characters. */
export function cleaned(raw: string): string {
  if (raw.length > maxLength) return raw
  const text = raw.replace(invisible, '')
  let start = 0
  let end = text.length
  while (start < end && leading.has(text[start] ?? '')) start += 1
  while (end > start && trailing.has(text[end - 1] ?? '')) end -= 1
  return text.slice(start, end)
}

/** What a defanged value means. Text that is not defanged comes back cleaned. */
export function refang(raw: string): string {
  if (raw.length > maxLength) return raw
  const first = cleaned(raw)
  let text = first
  for (let round = 0; round < maxRounds; round++) {
    const next = cleaned(rules.reduce((value, [pattern, meaning]) => value.replace(pattern, meaning), text))
    if (next === text) return text
    text = next
  }
  return first
}

/** A value that nobody clicks by mistake: for reports. `refang` gives it back. */
export function defang(value: string): string {
  return value.replace(/^http/, 'hxxp').replace('://', '[:]//').replaceAll('.', '[.]').replaceAll('@', '[@]')
}
