/**
 * osquery's table `programs`: entries of the registry's `Uninstall` keys, of the machine and of every user.
 *
 * osquery sees the users whose hives are loaded, which is those that are logged on; an image has them all. Store packages
 * and the codes of Windows Installer for upgrades are not read.
 */
import type { RegistryKey } from '../native/registry.ts'
import { keysOf, textOf } from './hives.ts'
import type { OsqueryTable } from './services.ts'

const uninstall = ['Microsoft', 'Windows', 'CurrentVersion', 'Uninstall', '*']
const values: Readonly<Record<string, string>> = {
  DisplayName: 'name',
  DisplayVersion: 'version',
  InstallLocation: 'install_location',
  InstallSource: 'install_source',
  Language: 'language',
  Publisher: 'publisher',
  UninstallString: 'uninstall_string',
  InstallDate: 'install_date',
}
const queries = (tops: readonly string[]) =>
  tops.map((top) => ({ path: [...top.split('/').filter(Boolean), ...uninstall], values: Object.keys(values) }))

/** The table. */
export const programs: OsqueryTable = {
  name: 'programs',
  async *rows({ signal }, services) {
    for await (const key of keysOf('programs', services, 'software', queries(['', 'WOW6432Node']), signal))
      yield* row(key)
    const ofUsers = queries(['Software', 'Software/WOW6432Node'])
    for await (const key of keysOf('programs', services, 'users', ofUsers, signal)) yield* row(key)
  },
}

/** An entry without a name is none that Windows would list. */
function* row(key: RegistryKey) {
  const stated = Object.fromEntries(Object.entries(values).map(([name, column]) => [column, textOf(key, name)]))
  const identifying_number = /^\{[0-9a-f]+(?:-[0-9a-f]+){4}\}$/i.exec(key.path.at(-1) ?? '')?.[0] ?? ''
  if (stated['name'] !== '') yield { ...stated, identifying_number }
}
