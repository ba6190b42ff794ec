/**
 * The stdout sink against streams that take, stall, fail and vanish.
 */
import { spawn } from 'node:child_process'
import { PassThrough, Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { openStdout } from '../../../daemon/sinks/stdout.ts'
import { event, events, failureOf, never } from '../../support/sink-events.ts'

/** A stream whose reader takes one chunk whenever `take` is called. */
function stalled(): { readonly stream: Writable; readonly taken: string[]; take(): void } {
  const waiting: (() => void)[] = []
  const taken: string[] = []
  const stream = new Writable({
    write(chunk, _, done) {
      waiting.push(() => {
        taken.push(String(chunk))
        done()
      })
    },
  })
  return { stream, taken, take: () => waiting.shift()?.() }
}

describe('standard output', () => {
  it('gets one line for each event, in order', async () => {
    const stream = new PassThrough()
    await openStdout(stream, 'out').write({ events: events(1, 3) }, never)
    expect(String(stream.read())).toBe(
      events(1, 3)
        .map(({ line }) => `${line}\n`)
        .join(''),
    )
  })

  it('holds the batch until the reader took it, and keeps no second one', async () => {
    const { stream, taken, take } = stalled()
    const sink = openStdout(stream, 'out')
    let isDone = false
    const write = sink.write({ events: [event(1)] }, never).then(() => {
      isDone = true
    })
    expect(await failureOf(sink.write({ events: [event(2)] }, never))).toMatchObject({ code: 'unavailable' })
    expect(isDone).toBe(false)
    take()
    await write
    expect(taken).toEqual([`${event(1).line}\n`])
  })

  it('rejects when aborted, and takes batches again after the reader has woken up', async () => {
    const { stream, taken, take } = stalled()
    const sink = openStdout(stream, 'out')
    const abort = new AbortController()
    const write = failureOf(sink.write({ events: [event(1)] }, abort.signal))
    abort.abort()
    expect((await write).code).toBe('unavailable')
    expect((await failureOf(sink.write({ events: [event(1)] }, never))).message).toMatch(/previous batch/)
    take()
    await new Promise(setImmediate)
    const again = sink.write({ events: [event(1)] }, never)
    take()
    await again
    expect(taken).toHaveLength(2)
  })

  it('is unavailable for good when its reader is gone', async () => {
    const gone = new Writable({
      write: (_, __, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
    })
    const sink = openStdout(gone, 'out')
    expect(await failureOf(sink.write({ events: [event(1)] }, never))).toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/EPIPE/),
    })
    expect((await failureOf(sink.write({ events: [event(1)] }, never))).code).toBe('unavailable')
    await sink.close()
  })

  it('rejects a waiting batch when the stream is destroyed under it', async () => {
    const { stream } = stalled()
    const write = failureOf(openStdout(stream, 'out').write({ events: [event(1)] }, never))
    stream.destroy()
    expect((await write).code).toBe('unavailable')
  })

  it('does not end the process when a real reader closes its end', async () => {
    const program = `
      import { openStdout } from ${JSON.stringify(new URL('../../../daemon/sinks/stdout.ts', import.meta.url).href)}
      const sink = openStdout(process.stdout, 'out')
      const line = 'x'.repeat(1000)
      const events = Array.from({ length: 100 }, (_, at) => ({ kind: 'result', query: 'q', unixTime: 1, sequence: at + 1, id: 'h', checksum: 0, line }))
      for (;;) {
        try { await sink.write({ events }, new AbortController().signal) }
        catch (cause) { process.stderr.write(cause.code + ': ' + cause.message); break }
      }
      await sink.close()`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program])
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk
    })
    child.stdout.once('data', () => child.stdout.destroy())
    const code = await new Promise((resolve) => child.once('close', resolve))
    expect([code, said]).toEqual([0, expect.stringMatching(/^unavailable: .*EPIPE/)])
  })
})
