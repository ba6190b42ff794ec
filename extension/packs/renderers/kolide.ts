/**
 * Checks for Kolide: one statement per finding, whose rows all carry KOLIDE_CHECK_STATUS and the same columns.
 *
 * A check must always give a row, so the findings are joined to one row that is there anyway. On our tables no finding
 * is a PASS only where everything was examined, and lately; otherwise it is UNKNOWN. A check on tables that osquery's
 * configuration must construct cannot be: nobody but Kolide writes that configuration.
 */
import { needsExtension, tablesIn } from '../statement-tables.ts'
import { isFinding, type RenderedPack, type RenderedQuery, type Renderer } from './renderer.ts'

/** The renderer. */
export const kolide: Renderer = {
  target: 'kolide',
  description: 'checks for Kolide: always a row, with KOLIDE_CHECK_STATUS',
  render: (packs) => packs.flatMap(checksOf),
}

function checksOf({ name, constructed, queries }: RenderedPack) {
  const made = new Set(constructed.map((one) => one.name))
  const isAskable = ({ sql }: RenderedQuery) => !tablesIn(sql).some((table) => made.has(table))
  return queries
    .filter((query) => isFinding(query) && isAskable(query))
    .map((query) => ({ path: `${name}/${query.name}.sql`, text: checkText(query) }))
}

function checkText(query: RenderedQuery): string {
  const columns = query.columns.map((column) => `  hits."${column}"`).join(',\n')
  return `-- ${query.title}
-- Platforms: ${query.platforms.join(', ')}
-- FAIL: ${query.description}
-- What to do: ${query.resolution}
SELECT
  CASE
    WHEN hits.is_hit = 1 THEN 'FAIL'${needsExtension(query.sql) ? `\n    WHEN ${isBlind} THEN 'UNKNOWN'` : ''}
    ELSE 'PASS'
  END AS KOLIDE_CHECK_STATUS,
${columns}
FROM (SELECT 1 AS one) AS always
LEFT JOIN (
SELECT 1 AS is_hit, found.* FROM (
${query.sql}
) AS found
) AS hits ON 1 = 1;
`
}

/** The verdict's own word for it: every pass ended, examined all it promised, and is not too old. */
const isBlind = 'NOT EXISTS (SELECT 1 FROM threecx_verdict WHERE scan_complete = 1)'
