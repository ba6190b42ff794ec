import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'plist'
import { describe, expect, it } from 'vitest'
import { serviceDefinition, serviceName } from '../../../daemon/service/service-definition.ts'

const command = {
  command: ['/usr/bin/env', 'daemon', '--config', '/etc/three cx/100%/$HOME/"d".yaml'],
  stateDir: '/var/lib/threecx-hunter',
}

const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0

describe('service definitions', () => {
  it('quote a command for systemd so that specifiers and variables are taken literally', () => {
    expect(serviceDefinition('systemd', command)).toContain(
      'ExecStart=/usr/bin/env daemon --config "/etc/three cx/100%%/$$HOME/\\"d\\".yaml"\n',
    )
  })

  it('let systemd make the place for state, or name the one that is there', () => {
    expect(serviceDefinition('systemd', command)).toContain(
      '\nStateDirectory=threecx-hunter\nStateDirectoryMode=0700\n',
    )
    const elsewhere = serviceDefinition('systemd', { ...command, stateDir: '/srv/three cx' })
    expect(elsewhere).toContain('\nReadWritePaths="/srv/three cx"\n')
  })

  it.skipIf(!hasAnalyze)('are a unit that systemd accepts (skipped without systemd-analyze)', () => {
    const directory = mkdtempSync(join(tmpdir(), 'threecx-unit-'))
    try {
      const unit = join(directory, `${serviceName}.service`)
      writeFileSync(unit, serviceDefinition('systemd', { ...command, command: ['/bin/true', 'daemon'] }))
      const said = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' })
      expect(said.stderr.split('\n').filter((line) => line.includes(serviceName))).toEqual([])
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  it('are a property list that launchd can read', () => {
    const parsed = parse(serviceDefinition('launchd', command)) as { ProgramArguments: string[]; Umask: number }
    expect(parsed.ProgramArguments).toEqual(command.command)
    expect(parsed.Umask).toBe(0o077)
  })

  it('are well-formed XML for the task scheduler, with arguments quoted as Windows splits them', () => {
    const text = serviceDefinition('windows', { command: ['C:\\a b\\t.exe', 'x y\\', 'a"b'], stateDir: 'C:\\s' })
    expect(text).toContain('<Arguments>&quot;x y\\\\&quot; &quot;a\\&quot;b&quot;</Arguments>')
    execFileSync(
      'python3',
      ['-c', 'import sys,xml.dom.minidom as m; m.parseString(sys.stdin.read().replace("UTF-16","UTF-8"))'],
      {
        input: text,
      },
    )
  })
})
