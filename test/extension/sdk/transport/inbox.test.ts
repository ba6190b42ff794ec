/**
 * Bytes become messages however they were cut up, and each is looked at and copied a bounded number of times.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Inbox } from '../../../../extension/sdk/transport/inbox.ts'
import type { Message } from '../../../../extension/sdk/wire/message.ts'
import { recorded } from '../wire/recorded.ts'

function drain(inbox: Inbox): Message[] {
  const found: Message[] = []
  for (let one = inbox.next(); one; one = inbox.next()) found.push(one)
  return found
}

function seen({ method, seqid, type, body, length }: Message): unknown[] {
  return [method, seqid, type, length, body.toString('hex')]
}

describe('an inbox', () => {
  it('gives the same messages whatever the pieces were', () => {
    const several = fc.array(fc.constantFrom(...recorded.map(({ bytes }) => bytes)), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(several, fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1 }), (messages, lengths) => {
        const all = Buffer.concat(messages)
        const inbox = new Inbox(1 << 20)
        const found: Message[] = []
        for (let at = 0, turn = 0; at < all.length; turn++) {
          const length = lengths[turn % lengths.length] ?? 1
          const piece = Buffer.from(all.subarray(at, at + length))
          inbox.push(piece)
          piece.fill(0xff) // what was pushed is the inbox's own
          at += length
          if (turn % 3 !== 0) found.push(...drain(inbox))
        }
        found.push(...drain(inbox))
        const whole = messages.flatMap((bytes) => {
          const alone = new Inbox(1 << 20)
          alone.push(bytes)
          return drain(alone)
        })
        expect(found.map(seen)).toEqual(whole.map(seen))
        expect(inbox.pending).toBe(0)
      }),
    )
  })

  it('takes many short messages in one piece without copying the rest for each of them', () => {
    const ping = Buffer.from('800100010000000470696e670000000000', 'hex')
    const inbox = new Inbox(64 << 20)
    inbox.push(Buffer.concat(Array.from({ length: 200_000 }, () => ping)))
    const started = performance.now()
    expect(drain(inbox).length).toBe(200_000)
    expect(performance.now() - started).toBeLessThan(10_000) // copying the rest each time takes minutes
  })
})
