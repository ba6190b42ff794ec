/**
 * What a resolver answered, in the words of its log: addresses are where a client may go next, all else is an outcome.
 */
import { isAddress, isHostName } from './remote.ts'

/** Record types whose answers are where a client goes; the names in MX, NS, PTR or TXT records are not. */
const leading = /^(?:A|AAAA|CNAME|HTTPS|SVCB|\*|ANY)$/i
const unspecified = /^(?:0\.0\.0\.0|::0?)$/

/** Addresses among answers, and the names that a CNAME leads to. */
export function answered(type: string | undefined, answers: Iterable<string>): string[] {
  if (type !== undefined && !leading.test(type)) return []
  return [...answers].filter((one) => isAddress(one) || isHostName(one))
}

/** The outcome of an answer that is a word or the address of nowhere: `NXDOMAIN`, `blocked`. */
export function outcomeOf(answer: string | undefined): string | undefined {
  if (answer === undefined) return undefined
  if (unspecified.test(answer)) return 'blocked'
  return /^(?:NXDOMAIN|NODATA|SERVFAIL|REFUSED|NOERROR|FORMERR|NOTIMP|BLOCKED)/i.test(answer)
    ? answer.slice(0, 40)
    : undefined
}
