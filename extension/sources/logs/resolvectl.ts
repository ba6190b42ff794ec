/**
 * Output of `resolvectl` that somebody kept: `monitor`, `query` and `show-cache`.
 *
 * The cache has no times and the monitor none either, so these contacts have none.
 * https://www.freedesktop.org/software/systemd/man/latest/resolvectl.html
 */
import type { LogFormat } from '../log-format.ts'
import { answered } from '../log-text/answer.ts'
import { contact } from '../log-text/contact.ts'
import { usualHeadLines } from '../log-text/program-log.ts'

const scope = /^Scope protocol=(?:dns|mdns|llmnr)\b/
const monitored = /^(?:→ |-> )Q: (\S{1,255}) IN ([A-Z0-9]{1,16})$/
const answer = /^(?:← |<- )?(?:A: )?(\S{1,255}) IN (A|AAAA|CNAME) (\S{1,255})$/
const queried = /^(\S{1,255}): (\S{1,255}) {1,64}-- link: \S{1,64}$/

export const resolvectl: LogFormat = {
  name: 'resolvectl',
  about: {
    reads: 'Kept output of resolvectl monitor, query and show-cache: names and their addresses.',
    blind: 'When a name was resolved and by whom; what has left the cache.',
    platforms: ['linux'],
  },
  headLines: usualHeadLines,
  recognises: (firstLines) => firstLines.some((line) => scope.test(line) || monitored.test(line) || queried.test(line)),
  parse: (line) => {
    const asked = monitored.exec(line)
    if (asked) return contact([asked[1]], { fields: { record: 'query', qtype: asked[2] } })
    const found = answer.exec(line)
    if (found) {
      return contact([found[1], ...answered(found[2], [found[3] ?? ''])], {
        fields: { record: 'answer', qtype: found[2] },
      })
    }
    const kept = queried.exec(line)
    return kept ? contact([kept[1], kept[2]], { fields: { record: 'answer' } }) : undefined
  },
}
