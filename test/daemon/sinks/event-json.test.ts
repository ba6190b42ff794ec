/** Lines as pieces of larger documents: whatever the line, the document around it stays whole. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ecsDocument } from '../../../daemon/sinks/ecs-document.ts'
import { jsonOf } from '../../../daemon/sinks/event-json.ts'
import { resultEvent, spooled } from '../../support/receivers/sink-surroundings.ts'

const event = (line: string, unixTime = 1) => spooled(1, { kind: 'result', query: 'q', unixTime, line })

/** Objects as somebody may have written them: dense or with line ends between the tokens. */
const written = fc
  .tuple(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(undefined, 2, '\t'))
  .map(([value, indent]) => JSON.stringify(value, null, indent))

describe('a line inside a document', () => {
  it('keeps its value, on one line', () => {
    fc.assert(
      fc.property(written, (line) => {
        const piece = jsonOf({ line })
        expect(piece).not.toMatch(/[\r\n]/)
        expect(JSON.parse(piece)).toEqual(JSON.parse(line))
      }),
    )
  })

  it('stands as it is when it is dense already', () => {
    const { line } = resultEvent(1)
    expect(jsonOf({ line })).toBe(line)
  })

  it('that is no object is a text', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !/^\s*\{.*\}\s*$/s.test(text)),
        (line) => {
          expect(JSON.parse(jsonOf({ line }))).toBe(line)
        },
      ),
    )
  })
})

describe('an ECS document', () => {
  it('is one line of JSON with an object under osquery, whatever the line', () => {
    fc.assert(
      fc.property(fc.oneof(written, fc.string()), fc.oneof(fc.integer(), fc.double()), (line, unixTime) => {
        const text = ecsDocument(event(line, unixTime), 'host')
        expect(text).not.toMatch(/[\r\n]/)
        const document: unknown = JSON.parse(text)
        expect(document).toMatchObject({ event: { id: '5f0c-1' }, osquery: expect.any(Object) })
        expect(Number.isNaN(Date.parse((document as { '@timestamp': string })['@timestamp']))).toBe(false)
      }),
    )
  })

  it('takes columns for what they are, and leaves out what is nothing', () => {
    const columns = {
      path: '/Users/ann/x',
      size: 'many',
      mtime: '-5',
      atime: '99999999999999',
      uid: '501',
      level: 'constructor',
      sha256: '',
    }
    const document = JSON.parse(ecsDocument(resultEvent(1, columns), 'host')) as Record<string, unknown>
    expect(document['file']).toEqual({ path: '/Users/ann/x', name: 'x', uid: '501' })
    expect(document['event']).not.toHaveProperty('severity')
    expect(document).not.toHaveProperty('user')
    expect(document).not.toHaveProperty('url')
  })
})
