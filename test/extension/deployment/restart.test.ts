/** A restart that waits: asked of each platform's service manager, only for what runs. */
import { describe, expect, it } from 'vitest'
import { type Host, layoutOf } from '../../../extension/deployment/layout.ts'
import { type Command, restartLater, type System } from '../../../extension/deployment/restart.ts'
import type { Platform } from '../../../extension/domain/platform.ts'

interface Answers {
  readonly isBooted?: boolean
  readonly status: { readonly exit: number | null; readonly stdout: string }
  readonly timer?: number | null
}

/** A restart on a system that answers so, with what it was asked. */
function restart(host: Host, platform: Platform, { isBooted = true, status, timer = 0 }: Answers) {
  const ran: Command[] = []
  const started: { command: Command; service: string | undefined }[] = []
  const system: System = {
    env: { SystemRoot: 'D:\\Windows' },
    isThere: (path) => isBooted && path === '/run/systemd/system',
    run(command) {
      ran.push(command)
      return command[0] === 'systemd-run' ? { exit: timer, stdout: '' } : status
    },
    start: (command, env) => started.push({ command, service: env?.['THREECX_SERVICE'] }),
  }
  return { step: restartLater(layoutOf(host, platform), system), ran, started }
}

const runs = { exit: 0, stdout: '' }
const restartOrbit = ['systemctl', '--no-block', 'try-restart', 'orbit.service'] as const

describe('on Linux', () => {
  it('is a timer of systemd, which ends with nobody', () => {
    const { step, ran, started } = restart('orbit', 'linux', { status: runs })
    expect(ran).toEqual([
      ['systemctl', 'is-active', '--quiet', 'orbit.service'],
      ['systemd-run', '--quiet', '--on-active=5', ...restartOrbit],
    ])
    expect(started).toEqual([])
    expect(step).toEqual({ isChange: true, text: 'orbit is restarted in 5 seconds' })
  })

  it('is a process in a session of its own where no timer can be had', () => {
    const { step, started } = restart('orbit', 'linux', { status: runs, timer: 1 })
    expect(started.map((one) => one.command)).toEqual([['sh', '-c', 'sleep 5; exec "$@"', 'sh', ...restartOrbit]])
    expect(step.text).toContain('sudo systemctl restart orbit')
  })

  it.each([3, null])('is left out when the service does not run (%j)', (exit) => {
    const { step, ran, started } = restart('osquery', 'linux', { status: { exit, stdout: '' } })
    expect(step).toEqual({ isChange: false, text: expect.stringContaining('osqueryd does not run') })
    expect([ran.length, started.length]).toEqual([1, 0])
  })

  it('asks nobody where systemd does not run', () => {
    const { step, ran } = restart('osquery', 'linux', { isBooted: false, status: runs })
    expect({ ran, text: step.text }).toEqual({ ran: [], text: expect.stringContaining('no systemd') })
  })
})

describe('on macOS', () => {
  it('is a process in a session of its own, for a job that runs', () => {
    const { started } = restart('osquery', 'darwin', { status: { exit: 0, stdout: 'x = {\n\tstate = running\n}\n' } })
    expect(started.map((one) => one.command.slice(-4))).toEqual([
      ['/bin/launchctl', 'kickstart', '-k', 'system/io.osquery.agent'],
    ])
  })

  it.each([
    { exit: 113, stdout: '' },
    { exit: 0, stdout: '\tstate = waiting\n' },
  ])('is left out for a job that does not: %j', (status) => {
    expect(restart('orbit', 'darwin', { status }).started).toEqual([])
  })
})

describe('on Windows', () => {
  it('is a hidden PowerShell that is told the service in its environment', () => {
    const status = { exit: 0, stdout: 'DIENST_NAME: Fleet osquery\r\n STATUS  : 4  RUNNING\r\n' }
    const { ran, started } = restart('orbit', 'windows', { status })
    expect(ran).toEqual([['D:\\Windows\\System32\\sc.exe', 'query', 'Fleet osquery']])
    expect(started).toEqual([
      {
        command: expect.arrayContaining([expect.stringMatching(/^D:\\Windows\\System32\\WindowsPowerShell/)]),
        service: 'Fleet osquery',
      },
    ])
    expect(started[0]?.command.at(-1)).not.toContain('Fleet')
  })

  it('is left out for a service that is stopped', () => {
    const status = { exit: 0, stdout: 'SERVICE_NAME: osqueryd\r\n STATE  : 1  STOPPED\r\n' }
    expect(restart('osquery', 'windows', { status }).started).toEqual([])
  })
})
