/**
 * What is sought in records of executions, as short texts: names of the programs that matter, and digests.
 *
 * A path is sought by its last component, because logs write what is before it in many ways. Candidates that are none
 * cost a parse; `domain/execution.ts` decides.
 */
import { verdictOf } from '../domain/finding.ts'
import { foldAscii } from '../domain/glob.ts'
import type { Indicator } from '../domain/indicator.ts'
import { needlesOfTexts } from '../gathering/needles.ts'
import type { Needles } from '../sources/source.ts'

/** The app and the agent, however a system writes their names; see `roleOf`. */
const roleNames = ['3cxdesktopapp', '3cx desktop app', '3cx-desktop-app', 'updateagent']
/** A shorter name occurs in too many records. */
const minLength = 6

/** The needles of the programs that indicators speak against. */
export function programNeedles(indicators: Iterable<Indicator>): Needles {
  const texts = [...indicators].flatMap((one) => {
    const verdict = verdictOf(one)
    return verdict === undefined || verdict === 'benign' ? [] : textsOf(one)
  })
  return needlesOfTexts([...roleNames, ...texts])
}

function textsOf({ type, value }: Indicator): string[] {
  switch (type) {
    case 'path':
      return [value.split(/[\\/]/).at(-1) ?? ''].filter((name) => name.length >= minLength && !name.includes('<'))
    case 'command_line':
      return [longest(value.split(/["'%>|&\s]+/))].filter((part) => part.length >= minLength)
    case 'sha1':
    case 'sha256':
      return [foldAscii(value)]
    default:
      return []
  }
}

function longest(parts: readonly string[]): string {
  return parts.reduce((a, b) => (b.length > a.length ? b : a), '')
}
