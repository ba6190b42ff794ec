/**
 * A set as text, in the one layout the files in iocs/ have, and the hash that names its content.
 *
 * One layout makes every change of data a readable diff, and lets `check --fix` rewrite a file without noise. The
 * version is taken over the values, not over the bytes of the file: two hosts with the same version seek the same.
 */
import { createHash } from 'node:crypto'
import type { Indicator, Provenance } from '../domain/indicator.ts'

/** What a set consists of before it has a version. */
export interface SetContent {
  readonly id: string
  readonly title: string
  readonly source: Provenance
  readonly indicators: readonly Omit<Indicator, 'id' | 'set'>[]
}

/** Width at which a list of names is broken into lines; that of the repository's formatter. */
const width = 120

/** The layout of a file: fields in the order of the schema, one per line, short lists on one line. */
export function setText(content: SetContent): string {
  const schema = `${'../'.repeat(content.id.split('/').length - 1)}schema.json`
  const { publisher, url, published, retrieved, licence } = content.source
  const lines = [
    '{',
    `  "$schema": ${JSON.stringify(schema.startsWith('.') ? schema : `./${schema}`)},`,
    `  "id": ${JSON.stringify(content.id)},`,
    `  "title": ${JSON.stringify(content.title)},`,
    '  "source": {',
    ...fieldLines({ publisher, url, published, retrieved, licence }, '    '),
    '  },',
  ]
  if (content.indicators.length === 0) lines.push('  "indicators": []')
  else {
    lines.push('  "indicators": [')
    content.indicators.forEach((indicator, at) => {
      lines.push('    {', ...fieldLines(inOrder(indicator), '      '))
      lines.push(at === content.indicators.length - 1 ? '    }' : '    },')
    })
    lines.push('  ]')
  }
  return `${lines.join('\n')}\n}\n`
}

/** SHA-256 over the canonical content, hex. */
export function setVersion(content: SetContent): string {
  const hash = createHash('sha256')
  const { publisher, url, published, retrieved, licence } = content.source
  hash.update(`${JSON.stringify([content.id, content.title, { publisher, url, published, retrieved, licence }])}\n`)
  for (const indicator of content.indicators) hash.update(`${JSON.stringify(inOrder(indicator))}\n`)
  return hash.digest('hex')
}

function inOrder(one: Omit<Indicator, 'id' | 'set'>): Record<string, unknown> {
  const { number, type, value, platform, component, stage, level, status, names, kinds, size, note } = one
  return { number, type, value, platform, component, stage, level, status, names, kinds, size, note }
}

function fieldLines(fields: Record<string, unknown>, indent: string): string[] {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined)
  return present.map(([name, value], at) => {
    const comma = at === present.length - 1 ? '' : ','
    return `${indent}${JSON.stringify(name)}: ${fieldText(value, `${indent}${JSON.stringify(name)}: `.length, indent)}${comma}`
  })
}

function fieldText(value: unknown, column: number, indent: string): string {
  if (Array.isArray(value)) {
    const items = value.map((item) => JSON.stringify(item))
    const line = `[${items.join(', ')}]`
    if (column + line.length + 1 <= width) return line
    return `[\n${items.map((item) => `${indent}  ${item}`).join(',\n')}\n${indent}]`
  }
  if (typeof value === 'object' && value !== null) {
    const items = Object.entries(value).filter(([, item]) => item !== undefined)
    return `{ ${items.map(([name, item]) => `${JSON.stringify(name)}: ${JSON.stringify(item)}`).join(', ')} }`
  }
  return JSON.stringify(value)
}
