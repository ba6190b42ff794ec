/**
 * `threecx_indicators`: what is being looked for, and who says so.
 */
import { bigint, defineTable, integer, text } from '../sdk/index.ts'
import type { HuntServices } from './services.ts'

/** One row per indicator of every set in force. */
export const threecxIndicators = defineTable({
  name: 'threecx_indicators',
  description: 'Indicators in force on this host, with their origin.',
  platforms: ['windows', 'darwin', 'linux'],
  columns: {
    id: text('Permanent id: set, slash, number', { index: true, optimized: true }),
    type: text('Observable type: sha256, domain, url, path, version ...', { index: true, optimized: true }),
    value: text('The value in canonical form', { index: true, optimized: true }),
    platform: text('Platform on which the value means this; empty for all'),
    component: text('Part of the attack the value belongs to'),
    stage: text('Stage of the attack: delivery, loader, c2 ...'),
    level: text('Sigma level: informational, low, medium, high, critical'),
    status: text('malicious, affected, context (never a finding by itself) or benign'),
    set: text('Indicator set', { index: true, optimized: true }),
    source: text('Publisher of the set'),
    url: text('Where the set was published'),
    version: text('Content hash of the set'),
    origin: text('program: it ships with threecx-hunter; bundle: an indicator bundle brought it; operator: added here'),
    bundle: text('Name of the indicator bundle that brought the set; empty for others'),
    bundle_version: bigint('Version of that bundle; NULL for others'),
    names: text('JSON array of base-name patterns a file with this digest can have; empty when unknown'),
    size_min: integer('Smallest published size of such a file, in bytes'),
    size_max: integer('Largest published size of such a file, in bytes'),
    note: text('What an analyst should know about the value'),
  },
  identity: ['id'],
  examples: [
    "SELECT value, component FROM threecx_indicators WHERE type = 'domain' AND status = 'malicious'",
    'SELECT DISTINCT bundle, bundle_version FROM threecx_indicators WHERE bundle_version IS NOT NULL',
    'SELECT source, count(*) AS indicators FROM threecx_indicators GROUP BY source ORDER BY source',
  ],
  async *generate(context, services: HuntServices) {
    for (const set of services.sets) {
      if (!context.mayMatch('set', set.id)) continue
      for (const one of set.indicators) {
        if (!context.mayMatch('id', one.id) || !context.mayMatch('type', one.type)) continue
        if (!context.mayMatch('value', one.value)) continue
        yield {
          id: one.id,
          type: one.type,
          value: one.value,
          platform: one.platform ?? '',
          component: one.component,
          stage: one.stage,
          level: one.level,
          status: one.status,
          set: set.id,
          source: set.source.publisher,
          url: set.source.url,
          version: set.version,
          origin: set.origin?.kind ?? 'program',
          bundle: set.origin?.kind === 'bundle' ? set.origin.name : '',
          bundle_version: set.origin?.kind === 'bundle' ? set.origin.version : null,
          names: one.names ? JSON.stringify(one.names) : '',
          size_min: one.size?.min ?? null,
          size_max: one.size?.max ?? null,
          note: one.note ?? '',
        }
      }
    }
  },
})
