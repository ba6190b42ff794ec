/**
 * What the registry of an image says of programs that ran: alice's app, and programs that are always there.
 */
import type { HiveKey } from '../hive-builder.ts'
import { below } from '../hive-keys.ts'
import { bamValue, rot13, shimcacheValue, userAssistValue } from '../shimcache-builder.ts'
import { contactTime } from './planned-contact.ts'

/** Alice's program, below its drive. */
export const aliceProgram = 'Users\\alice\\AppData\\Local\\Programs\\3CXDesktopApp\\app\\3CXDesktopApp.exe'
export const aliceSid = 'S-1-5-21-1-2-3-1001'
/** The last time, for all records of the registry. */
export const lastRun = contactTime - 1800

const notepad = 'Windows\\System32\\notepad.exe'

/** Below `Software` of alice's hive. */
export const assistedKeys: HiveKey = below('Microsoft\\Windows\\CurrentVersion\\Explorer\\UserAssist', {
  '{CEBFF5CD-ACE2-4F4F-9178-9926F41749EA}': {
    keys: {
      Count: {
        values: {
          [rot13(`C:\\${aliceProgram}`)]: userAssistValue(12, 65_400, lastRun),
          [rot13(`C:\\${notepad}`)]: userAssistValue(3, 1000, lastRun),
        },
      },
    },
  },
})

/** The hive of the system. */
export const systemKeys: HiveKey = {
  keys: {
    Select: { keys: { Current: {} } },
    ControlSet001: {
      keys: {
        ...below('Control\\Session Manager', {
          AppCompatCache: {
            values: {
              AppCompatCache: shimcacheValue('10', [
                { path: `C:\\${aliceProgram}`, modified: lastRun },
                { path: `C:\\${notepad}`, modified: lastRun },
              ]),
            },
          },
        }).keys,
        ...below('Services\\bam\\State\\UserSettings', {
          [aliceSid]: {
            values: {
              [`\\Device\\HarddiskVolume3\\${aliceProgram}`]: bamValue(lastRun),
              [`\\Device\\HarddiskVolume3\\${notepad}`]: bamValue(lastRun),
            },
          },
        }).keys,
      },
    },
  },
}

/** The hive of Windows' inventory, with alice's app in a release. */
export function inventoryKeys(version: string): HiveKey {
  return below('Root\\InventoryApplicationFile', {
    '3cxdesktopapp.exe|1a2b': {
      lastWritten: lastRun,
      values: {
        LowerCaseLongPath: `c:\\${aliceProgram.toLowerCase()}`,
        FileId: `0000${'0f'.repeat(20)}`,
        BinProductVersion: `${version}.0`,
        ProductName: '3cx desktop app',
        Publisher: '3cx',
        Size: '0x1000',
      },
    },
    'notepad.exe|3c4d': { values: { LowerCaseLongPath: `c:\\${notepad.toLowerCase()}` } },
  })
}
