/**
 * `threecx_findings`: every piece of evidence with every indicator it matches, from every source, flat.
 */
import { findingRecords } from '../domain/finding-record.ts'
import { bigint, defineTable, text } from '../sdk/index.ts'
import type { HuntServices } from './services.ts'

/** One row per evidence and indicator. */
export const threecxFindings = defineTable({
  name: 'threecx_findings',
  description:
    'What the other tables rest on, one row for each piece of evidence and each indicator it matches; context that gives no verdict by itself is among them.',
  platforms: ['windows', 'darwin', 'linux'],
  columns: {
    time: bigint('When it happened, unix seconds; of a file its last modification; NULL when unknown'),
    source: text('file, payload, member, process, or the source of an install, execution or contact'),
    path: text('File, program or store'),
    offset: bigint('Byte offset in it; NULL when that says nothing'),
    observable_type: text('What matched: sha256, path, version, structure, yara_rule, domain ...', { index: true }),
    observable: text('The value that matched'),
    indicator: text('Id of the indicator; empty where the evidence speaks for itself'),
    verdict: text('What it says by itself: malicious, suspicious, affected, benign, context'),
    level: text('Sigma level'),
    stage: text('Stage of the attack'),
    component: text('Part of the attack'),
    user: text('User it belongs to; empty when unknown'),
    summary: text('One sentence'),
  },
  identity: ['source', 'path', 'offset', 'observable_type', 'observable', 'indicator', 'user'],
  examples: [
    "SELECT path, observable_type, indicator, summary FROM threecx_findings WHERE verdict = 'malicious'",
    'SELECT observable_type, count(*) AS findings FROM threecx_findings GROUP BY observable_type',
  ],
  async *generate(context, services: HuntServices) {
    const indicators = new Map(services.indicators.map((one) => [one.id, one]))
    for (const record of findingRecords(await services.state(context.signal), indicators)) {
      if (!context.mayMatch('observable_type', record.observableType)) continue
      const { observableType, time, offset, verdict, ...said } = record
      yield {
        ...said,
        time: time === undefined ? null : Math.floor(time),
        offset: offset ?? null,
        observable_type: observableType,
        verdict: verdict ?? 'context',
      }
    }
  },
})
