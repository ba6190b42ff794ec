/**
 * Where osquery and Fleet's orbit keep what concerns an extension, and where ours goes, per platform.
 *
 * osquery's own places are compiled into it (osquery/utils/config/default_paths.h); orbit starts osqueryd with places
 * below its root. Our executable lies in one directory of its own, outside both, so that an upgrade of either cannot
 * remove it and nobody but root need ever write there. On macOS that is not below /usr/local, which Homebrew gives to
 * a user. Nothing here touches the disk.
 */
import { posix, win32 } from 'node:path'
import type { Platform } from '../domain/platform.ts'

/** Who starts osqueryd: the plain package or Fleet's agent. */
export const hosts = ['osquery', 'orbit'] as const

/** One of them. */
export type Host = (typeof hosts)[number]

/** The name the extension registers under, and that `--extensions_require` wants. */
export const extensionName = 'threecx_hunter'

/** Paths of one host on one platform, and how to restart it. */
export interface Layout {
  readonly host: Host
  readonly platform: Platform
  readonly loadFile: string
  readonly flagsFile: string
  readonly socket: string
  /** What the system's service manager calls the program that starts osqueryd, or osqueryd itself. */
  readonly service: string
  /** How a person restarts it. */
  readonly restart: string
  /** Directory of our executable. */
  readonly directory: string
  /** File name of our executable. */
  readonly fileName: string
}

type Places = Pick<Layout, 'loadFile' | 'flagsFile' | 'socket' | 'service'>

const places: Readonly<Record<Host, (platform: Platform, programFiles: string) => Places>> = {
  osquery(platform, programFiles) {
    if (platform === 'windows') {
      return {
        loadFile: win32.join(programFiles, 'osquery', 'extensions.load'),
        flagsFile: win32.join(programFiles, 'osquery', 'osquery.flags'),
        socket: '\\\\.\\pipe\\osquery.em',
        service: 'osqueryd',
      }
    }
    const home = platform === 'darwin' ? '/var/osquery' : '/etc/osquery'
    return {
      loadFile: `${home}/extensions.load`,
      flagsFile: `${home}/osquery.flags`,
      socket: '/var/osquery/osquery.em',
      service: platform === 'darwin' ? 'io.osquery.agent' : 'osqueryd',
    }
  },
  orbit(platform, programFiles) {
    if (platform === 'windows') {
      return {
        loadFile: win32.join(programFiles, 'Orbit', 'extensions.load'),
        flagsFile: win32.join(programFiles, 'Orbit', 'osquery.flags'),
        socket: '\\\\.\\pipe\\orbit-osquery-extension',
        service: 'Fleet osquery',
      }
    }
    return {
      loadFile: '/opt/orbit/extensions.load',
      flagsFile: '/opt/orbit/osquery.flags',
      socket: '/opt/orbit/orbit-osquery.em',
      service: platform === 'darwin' ? 'com.fleetdm.orbit' : 'orbit',
    }
  },
}

/** The layout of a host on a platform. `programFiles` matters on Windows only. */
export function layoutOf(host: Host, platform: Platform, programFiles = 'C:\\Program Files'): Layout {
  const directory = {
    windows: win32.join(programFiles, 'threecx-hunter'),
    darwin: '/opt/threecx-hunter',
    linux: '/usr/local/lib/threecx-hunter',
  }[platform]
  const fileName = platform === 'windows' ? `${extensionName}.ext.exe` : `${extensionName}.ext`
  const found = places[host](platform, programFiles)
  return { host, platform, ...found, restart: restartBy(platform, found.service), directory, fileName }
}

function restartBy(platform: Platform, service: string): string {
  if (platform === 'windows') return `Restart-Service ${service.includes(' ') ? `'${service}'` : service}`
  return platform === 'darwin' ? `sudo launchctl kickstart -k system/${service}` : `sudo systemctl restart ${service}`
}

/** The path functions of a platform, whichever one runs this. */
export function pathsOf(platform: Platform): typeof posix {
  return platform === 'windows' ? win32 : posix
}

/** Whether a file name is one of ours, of any version: threecx_hunter.ext, threecx_hunter_macos.ext, threecx_hunter-1.2.ext.exe. */
export function isOurs(fileName: string): boolean {
  return /^threecx_hunter([-_.][\w.+-]*)?\.(ext|exe)$/i.test(fileName)
}
