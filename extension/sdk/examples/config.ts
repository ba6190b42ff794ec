/**
 * A config plugin: every JSON file of a directory is a source; a change is handed to osquery at once.
 *
 *   CONFIGS=/etc/mine node config.ts --socket /path/of/osquery.em
 *   osqueryd --config_plugin=directory --extensions_require=directory ...
 */
import { readdirSync, readFileSync, watch } from 'node:fs'
import { join } from 'node:path'
import { configPlugin, definePlugins, pushConfig, runExtension } from 'osquery-extension-sdk/extension'

const directory = process.env['CONFIGS'] ?? '.'
const read = (name: string) => readFileSync(join(directory, name), 'utf8')

const plugins = definePlugins(({ manager, log }) => {
  const source = configPlugin({
    name: 'directory',
    genConfig: () => {
      const names = readdirSync(directory).filter((name) => name.endsWith('.json'))
      return Object.fromEntries(names.map((name) => [name, read(name)]))
    },
    genPack: (_name, value) => read(join('packs', `${value.replaceAll(/[^\w-]/g, '')}.json`)),
    stale: (error) => log('warn', `the last good configuration stays: ${String(error)}`),
  })
  const watcher = watch(directory, (_event, name) => {
    if (!name?.endsWith('.json')) return
    const push = async () => await pushConfig(manager, name, read(name))
    push().catch((error: unknown) => log('warn', `${name} was not pushed: ${String(error)}`))
  })
  return { plugins: [source], close: () => watcher.close() }
})

process.exitCode = await runExtension({ name: 'directory', version: '1.0.0', plugins })
