/** What holds for the options of every sink over HTTP. */
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { elasticsearchSink } from '../../../daemon/sinks/elasticsearch.ts'
import { httpSink } from '../../../daemon/sinks/http.ts'
import { lokiSink } from '../../../daemon/sinks/loki.ts'
import { osqueryTlsSink } from '../../../daemon/sinks/osquery-tls.ts'
import { otlpSink } from '../../../daemon/sinks/otlp.ts'
import { splunkHecSink } from '../../../daemon/sinks/splunk-hec.ts'

const definitions = [httpSink, osqueryTlsSink, splunkHecSink, elasticsearchSink, lokiSink, otlpSink]

describe.each(definitions)('options of $type', ({ options, references, description }) => {
  const schema = z.toJSONSchema(options as z.ZodType, { io: 'input' })
  const properties = Object.entries(schema.properties ?? {})

  it('are all described, in sentences', () => {
    expect(properties.length).toBeGreaterThan(8)
    for (const [name, property] of properties) {
      expect(typeof property === 'object' ? property.description : '', name).toMatch(/^[A-Z a-z].*\.$/)
    }
    expect(description).toMatch(/\.$/)
    expect(references.every((one) => URL.canParse(one))).toBe(true)
  })

  it('are no others than those', () => {
    expect(schema.additionalProperties).toBe(false)
  })

  it('have no way to trust everybody, and no place for a secret itself', () => {
    const text = JSON.stringify(schema)
    expect(text).not.toMatch(/insecure|reject|verify|skip/i)
    const references = placesOf(schema, /^(token|password|key|value|api_key|enroll_secret|node_key)$/)
    expect(references.length).toBeGreaterThan(1)
    for (const one of references) expect(one).toMatchObject({ anyOf: [{ type: 'object' }, { type: 'object' }] })
  })
})

/** What stands at properties of such a name, at any depth. */
function placesOf(schema: unknown, name: RegExp): unknown[] {
  if (typeof schema !== 'object' || schema === null) return []
  const properties = 'properties' in schema ? Object.entries(schema.properties ?? {}) : []
  const own = properties.filter(([key]) => name.test(key)).map(([, value]) => value)
  return [...own, ...Object.values(schema).flatMap((one) => placesOf(one, name))]
}
