/**
 * What receivers do to those who deliver to them: one list, through which every sink that speaks HTTP goes.
 */
import type { SinkErrorCode } from '../../../daemon/sinks/sink.ts'
import type { Behaviour } from './scripted-receiver.ts'
import { answers } from './scripted-receiver.ts'

export interface HostileCase {
  readonly title: string
  readonly behaviour: Behaviour
  /** How a write must end. */
  readonly ends: SinkErrorCode | 'delivered'
  /** How it must end for a sink whose receiver's status is all that counts. */
  readonly endsByStatus?: SinkErrorCode | 'delivered'
  readonly retryAfterMs?: number
  readonly message?: RegExp
}

const chunk = Buffer.alloc(65_536, 'x')

const endless: Behaviour = (_, response) => {
  response.writeHead(200)
  const more = () => {
    while (!response.destroyed && response.write(chunk));
    if (!response.destroyed) response.once('drain', more)
  }
  more()
}

function status(code: number, ends: SinkErrorCode): HostileCase {
  return { title: `answers ${code}`, behaviour: answers(code, 'no'), ends, message: new RegExp(`answered ${code}`) }
}

export const hostileCases: readonly HostileCase[] = [
  { title: 'accepts and never answers', behaviour: () => {}, ends: 'unavailable', message: /no whole answer within/ },
  {
    title: 'answers a byte at a time and never ends',
    behaviour: (_, response) => {
      response.writeHead(200)
      const drip = setInterval(() => response.write(' '), 20)
      response.once('close', () => clearInterval(drip))
    },
    ends: 'unavailable',
    message: /no whole answer within/,
  },
  {
    title: 'hangs up instead of answering',
    behaviour: (_, __, request) => void request.socket.destroy(),
    ends: 'unavailable',
  },
  {
    title: 'resets in the middle of its answer',
    behaviour: (_, response, request) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{"errors"', () => request.socket.destroy())
    },
    ends: 'unavailable',
  },
  {
    title: 'cuts its chunked answer short',
    behaviour: (_, __, request) =>
      void request.socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n20\r\n{"errors":false'),
    ends: 'unavailable',
  },
  {
    title: 'answers in no HTTP',
    behaviour: (_, __, request) => void request.socket.end('220 mail.example ESMTP\r\n'),
    ends: 'unavailable',
  },
  {
    title: 'answers with headers without end',
    behaviour: (_, __, request) =>
      void request.socket.end(`HTTP/1.1 200 OK\r\n${'x-more: and more\r\n'.repeat(10_000)}\r\n`),
    ends: 'unavailable',
  },
  {
    title: 'answers a page that has nothing to do with it',
    behaviour: answers(200, '<html><body>Please log in</body></html>', { 'content-type': 'text/html' }),
    ends: 'misconfigured',
    endsByStatus: 'delivered',
  },
  { title: 'answers the empty list', behaviour: answers(200, '[]'), ends: 'misconfigured', endsByStatus: 'delivered' },
  {
    title: 'wants to be asked elsewhere',
    behaviour: answers(307, '', { location: 'https://elsewhere.example/' }),
    ends: 'misconfigured',
    message: /redirects are not followed, it names https:\/\/elsewhere\.example\//,
  },
  {
    title: 'asks for patience in seconds',
    behaviour: answers(429, 'slow down', { 'retry-after': '7' }),
    ends: 'unavailable',
    retryAfterMs: 7000,
  },
  {
    title: 'asks for patience until a date, by its own clock',
    behaviour: answers(503, '', {
      'retry-after': 'Fri, 07 Aug 2026 10:01:00 GMT',
      date: 'Fri, 07 Aug 2026 10:00:00 GMT',
    }),
    ends: 'unavailable',
    retryAfterMs: 60_000,
  },
  {
    title: 'asks for patience for a year',
    behaviour: answers(503, '', { 'retry-after': '31536000' }),
    ends: 'unavailable',
    retryAfterMs: 3_600_000,
  },
  {
    title: 'asks for patience in words',
    behaviour: answers(503, '', { 'retry-after': 'soon' }),
    ends: 'unavailable',
  },
  ...[408, 425, 429, 500, 502, 503, 504].map((code) => status(code, 'unavailable')),
  ...[401, 403, 404, 405, 415].map((code) => status(code, 'misconfigured')),
  ...[400, 413, 422].map((code) => status(code, 'refused')),
]

/** An answer that never ends is read up to a bound; whether that is good news depends on who has to understand it. */
export const endlessAnswer = endless
