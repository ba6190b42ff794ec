import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const log = join(import.meta.dirname, '..', '..', '..', 'extension', 'runtime', 'log.ts')

describe('our own log', () => {
  it('is JSON lines on stderr, on the wire before the process dies, with secrets cut out', () => {
    const program = `
      const { openLog } = await import(${JSON.stringify(log)})
      const log = openLog('info')
      log.info({ token: 'abc', options: { auth: { password: 'abc' }, host: 'h' }, err: new Error('refused') }, 'said')
      process.kill(process.pid, 'SIGKILL')`
    const ended = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
    expect(ended.stdout).toBe('')
    expect(JSON.parse(ended.stderr)).toMatchObject({
      token: '[secret]',
      options: { auth: { password: '[secret]' }, host: 'h' },
      err: { message: 'refused' },
      msg: 'said',
    })
  })
})
