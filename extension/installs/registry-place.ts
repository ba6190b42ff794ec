/**
 * Keys of the Windows registry that speak of installs, by the hive they lie in, with what each value means.
 *
 * Uninstall entries exist per user, per machine, and a second time for 32-bit programs; what Windows Installer set up
 * has a record of its own under the account it was set up for.
 */
import type { RegistryQuery } from '../native/registry.ts'

/** Name of the app in lists of programs, as published; the version may follow it. */
export const displayName = '3cx desktop app'

const entryValues = ['DisplayName', 'DisplayVersion', 'InstallLocation', 'InstallDate', 'Publisher']
const having = { values: ['DisplayName'], contains: displayName }
const currentVersion = ['Microsoft', 'Windows', 'CurrentVersion']

/** Uninstall entries of the hive of one user. */
export const userEntries: readonly RegistryQuery[] = ['Software', 'Software/WOW6432Node'].map((top) => ({
  path: [...top.split('/'), ...currentVersion, 'Uninstall', '*'],
  values: entryValues,
  having,
}))

/** Uninstall entries of the machine, and records of Windows Installer by account. */
export const machineEntries: readonly RegistryQuery[] = [
  { path: [...currentVersion, 'Uninstall', '*'], values: entryValues, having },
  { path: ['WOW6432Node', ...currentVersion, 'Uninstall', '*'], values: entryValues, having },
  {
    path: [...currentVersion, 'Installer', 'UserData', '*', 'Products', '*', 'InstallProperties'],
    values: entryValues,
    having,
  },
]

/** Homes of accounts, which give a security identifier its user's name. */
export const profiles: RegistryQuery = {
  path: ['Microsoft', 'Windows NT', 'CurrentVersion', 'ProfileList', '*'],
  values: ['ProfileImagePath'],
}

const program = '3cxdesktopapp.exe'

/** Programs the system saw: files and programs since Windows 10, files by number before. */
export const amcacheEntries: readonly RegistryQuery[] = [
  {
    path: ['Root', 'InventoryApplicationFile', '*'],
    values: ['Name', 'LowerCaseLongPath', 'Version', 'BinFileVersion', 'BinProductVersion', 'ProductName'],
    having: { values: ['Name', 'LowerCaseLongPath'], contains: program },
  },
  {
    path: ['Root', 'InventoryApplication', '*'],
    values: ['Name', 'Version', 'RootDirPath', 'InstallDate'],
    having: { values: ['Name'], contains: displayName },
  },
  // 15 is the path, 5 the file version, 0 the product.
  { path: ['Root', 'File', '*', '*'], values: ['15', '5', '0'], having: { values: ['15'], contains: program } },
]
