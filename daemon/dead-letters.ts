/**
 * What sinks refused for good, out of the state directory of a daemon that does not run.
 */
import { openLog } from '../extension/runtime/log.ts'
import { readDaemonConfiguration } from './configuration/read-configuration.ts'
import { overridesFrom } from './configuration/settings.ts'
import { openSpool } from './spool/open-spool.ts'
import { spoolBounds, storeParts } from './state.ts'
import { stateDirectory } from './state-directory.ts'
import { openStore } from './store/open-store.ts'

/** One JSON line per event: sink, reason, id, and the line itself. Throws `HunterError` as opening the state does. */
export function* deadLetterLines(
  flags: Readonly<Record<string, string | undefined>>,
  configPath: string | undefined,
  env: NodeJS.ProcessEnv,
  sink: string | undefined,
): Generator<string> {
  const { configuration } = readDaemonConfiguration(configPath, overridesFrom(flags, env))
  const store = openStore(stateDirectory(configuration.state, env).own, storeParts, openLog('warn'))
  try {
    const spool = openSpool(store, spoolBounds(configuration))
    for (const { sink: name, reason, event } of spool.deadLetters(sink)) {
      const { id, sequence, query, unixTime, line } = event
      yield `${JSON.stringify({ sink: name, reason, id, sequence, query, unix_time: unixTime, line })}\n`
    }
    spool.close()
  } finally {
    store.close()
  }
}
