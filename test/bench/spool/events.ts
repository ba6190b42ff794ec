/**
 * Events as the daemon makes them: findings of the shipped packs in osquery's format, about 400 bytes a line.
 */
import type { ResultEvent } from '../../../extension/domain/result-event.ts'

/** So many different events. */
export function findingEvents(count: number): ResultEvent[] {
  return Array.from({ length: count }, (_, at) => {
    const columns = {
      path: `/Applications/3CX Desktop App ${at}.app/Contents/Frameworks/Electron Framework.framework/Libraries/libffmpeg.dylib`,
      sha256: `a64fa9f1c76457ecc58402142a8728ce34ccba378c17318b334008${(0xeeb7acc67 + at).toString(16)}`,
    }
    const line = JSON.stringify({
      name: 'pack_threecx-hunt_artifacts',
      hostIdentifier: 'host-1.example',
      calendarTime: 'Wed Mar 29 12:00:00 2023 UTC',
      unixTime: 1_680_091_200 + at,
      epoch: 0,
      counter: at,
      numerics: false,
      columns,
      action: 'added',
    })
    return { kind: 'result', query: 'pack_threecx-hunt_artifacts', unixTime: 1_680_091_200 + at, line }
  })
}
