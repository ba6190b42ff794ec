/**
 * The files of the Linux packages, the same for every distribution.
 *
 * The executable lies where `threecx extension install` would put it, so a machine never has two. The command is a link
 * in /usr/bin, because sudo looks in /usr/local/bin on few distributions. The daemon's unit is there and off: what it
 * does with findings is somebody's decision, in a configuration that is not there yet.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { serviceDefinition, serviceName } from '../../daemon/service/service-definition.ts'
import { layoutOf } from '../../extension/deployment/layout.ts'
import type { Entry } from './payload.ts'

const { directory, fileName } = layoutOf('osquery', 'linux')

/** Name of the package everywhere. */
export const packageName = 'threecx-hunter'

/** The installed executable. */
export const program = `${directory}/${fileName}`

/** Where the daemon's configuration is looked for by the packaged unit. */
export const daemonConfiguration = '/etc/threecx-hunter/daemon.yaml'

/** The daemon's unit, as systemd names it. */
export const daemonUnit = `${serviceName}.service`

/** Files that only root and the daemon write at run time: gone with a purge. */
export const writtenLater = ['/var/lib/threecx-hunter', '/var/log/threecx-hunter'] as const

const documentation = '/usr/share/doc/threecx-hunter'

/** All entries but the format's own. `root` is the repository. */
export function linuxFiles(executable: string, notices: string, root: string): readonly Entry[] {
  const read = (...names: string[]) => readFileSync(join(root, ...names), 'utf8')
  return [
    { kind: 'directory', path: '/etc/threecx-hunter' },
    { kind: 'link', path: '/usr/bin/threecx', to: program },
    { kind: 'text', path: `/usr/lib/systemd/system/${daemonUnit}`, text: unit(), mode: 0o644 },
    { kind: 'copy', path: program, from: executable, mode: 0o755 },
    { kind: 'text', path: `${documentation}/copyright`, text: read('LICENSE'), mode: 0o644 },
    { kind: 'text', path: `${documentation}/third-party-notices`, text: notices, mode: 0o644 },
    {
      kind: 'text',
      path: `${documentation}/examples/daemon.yaml`,
      text: read('examples', 'daemon.yaml'),
      mode: 0o644,
    },
  ]
}

/** The hardened unit that `threecx daemon service systemd` prints, under a first line that is true of a package. */
function unit(): string {
  const command = ['/usr/bin/threecx', 'daemon', '--config', daemonConfiguration]
  const [, ...rest] = serviceDefinition('systemd', { command, stateDir: writtenLater[0] }).split('\n')
  return [
    `# Off until somebody writes ${daemonConfiguration} and says: systemctl enable --now ${serviceName}`,
    ...rest,
  ].join('\n')
}
