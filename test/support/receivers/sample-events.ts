/**
 * Events of every kind, as the daemon has them: what golden files show of each sink.
 */
import type { SpooledEvent } from '../../../extension/domain/result-event.ts'
import { resultEvent, spooled, statusEvent } from './sink-surroundings.ts'

const unixTime = 1_786_010_400

export const sampleEvents: readonly SpooledEvent[] = [
  resultEvent(1, {
    path: 'C:\\Users\\ann\\AppData\\Local\\Programs\\3CXDesktopApp\\app\\ffmpeg.dll',
    directory: 'C:\\Users\\ann\\AppData\\Local\\Programs\\3CXDesktopApp\\app',
    filename: 'ffmpeg.dll',
    size: '2814976',
    sha256: '7986bbaee8940da11ce089383521ab420c443ab7b15ed42aed91fd31ce833896',
    mtime: '1678975938',
    level: 'critical',
  }),
  resultEvent(
    2,
    { path: '', url: 'https://msstorageazure.com/window', domain: 'msstorageazure.com', user: 'ann' },
    {
      query: 'pack_threecx-hunt_c2',
      action: 'removed',
    },
  ),
  resultEvent(
    3,
    {
      pid: '4711',
      name: '3CXDesktopApp',
      cmdline: '"3CXDesktopApp.exe" --squirrel-firstrun',
      level: 'high',
      uid: '501',
    },
    { query: 'pack_threecx-hunt_processes' },
  ),
  spooled(4, {
    kind: 'snapshot',
    query: 'pack_threecx-hunt_verdict',
    unixTime,
    line: `{"snapshot":[{"verdict":"compromised","note":"\\u2028 \u{1F4DE} \\"quoted\\"\\n"}],"action":"snapshot","name":"pack_threecx-hunt_verdict","hostIdentifier":"host-1.example","unixTime":${unixTime},"epoch":0,"counter":0,"numerics":false}`,
  }),
  spooled(5, {
    kind: 'result',
    query: 'numbers',
    unixTime,
    line: '{"name":"numbers","columns":{"inode":9223372036854775807,"below":-9223372036854775808,"part":0.5},"numerics":true,"action":"added"}',
  }),
  statusEvent(6, 2, 'a source could not be read'),
]
