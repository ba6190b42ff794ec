/**
 * Kept output of macOS' `log show` as contacts: names and addresses in what the network's own parts say.
 *
 * What another program says of a name is no proof that somebody spoke with it, and is told as only named.
 */
import type { LogFormat } from '../log-format.ts'
import { contact } from '../log-text/contact.ts'
import { usualHeadLines } from '../log-text/program-log.ts'
import { isUnifiedLog, unifiedLine } from '../log-text/unified-log.ts'

/** Programs, libraries and subsystems that write of connections and look-ups they make. */
const network =
  /(?:^|[/.])(?:mDNSResponder|CFNetwork|Network|libnetwork(?:\.dylib)?|libsystem_info(?:\.dylib)?|WebKit|nsurlsessiond)$/i
/** Words that are looked at; a message of the network has some dozens. */
const maxWords = 400

/** The format. */
export const unifiedLog: LogFormat = {
  name: 'unified_log',
  about: {
    reads:
      'Kept output of log show (ndjson, syslog, compact and default style): names and addresses in messages of the resolver ' +
      'and of the network libraries, with the program; what other programs say of a name is suspicious only.',
    blind:
      'The log itself (tracev3), which only macOS reads; the style json. Names are <private> unless private data was turned on ' +
      'before. Compact has local time without a zone, which is taken as UTC. All is overwritten within days or weeks.',
    platforms: ['darwin'],
  },
  headLines: usualHeadLines,
  recognises: isUnifiedLog,
  parse: (line) => {
    const found = unifiedLine(line)
    if (!found) return undefined
    const { time, program, pid, uid, sender, subsystem, message } = found
    const words = message.split(/[\s"'<>()[\]{},;=]+/, maxWords).map((word) => word.replace(/^[@#]+|[.:#]+$/g, ''))
    const fields = { subsystem, sender, message: message.slice(0, 512), uid }
    const said = contact(words, { time, process: program, pid, fields })
    const isNetwork = [program, sender, subsystem].some((one) => network.test(one))
    return said && !isNetwork ? { ...said, isOnlyNamed: true } : said
  },
}
