/**
 * Every source of contacts. Adding one is adding it to its list.
 */
import { eventLog } from './events/event-log.ts'
import { journal } from './journal/journal.ts'
import { lineSource } from './line-source.ts'
import { logFormats } from './logs/index.ts'
import type { Source } from './source.ts'
import { stores } from './stores/index.ts'

/** A log in one of the places of logs, whichever it is. */
const anyLog = lineSource(
  'auto',
  {
    reads: 'Any of the text logs, told by its first lines.',
    blind: 'Logs in a format of their own; a query may name the format of a file.',
    platforms: ['windows', 'darwin', 'linux'],
  },
  logFormats,
)

/** All sources, in the order in which they are asked whether a file is theirs. */
export const sources: readonly Source[] = [
  ...stores,
  eventLog,
  journal,
  ...logFormats.map((format) => lineSource(format.name, format.about, [format])),
  anyLog,
]
