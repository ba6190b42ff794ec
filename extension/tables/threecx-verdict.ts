/**
 * `threecx_verdict`: this host in one row, for policies and dashboards.
 */
import { bigint, defineTable, integer, text } from '../sdk/index.ts'
import type { HuntServices } from './services.ts'

/** Exactly one row, always. */
export const threecxVerdict = defineTable({
  name: 'threecx_verdict',
  description: 'What the hunt says of this host, with its reasons: exactly one row.',
  platforms: ['windows', 'darwin', 'linux'],
  columns: {
    verdict: text('clean, exposed, compromised, contacted, or unknown (nothing found, not everything examined)'),
    level: text('Gravest Sigma level among the findings'),
    stage: text('Step of the attack that was reached last, such as loader or memory_payload; empty without findings'),
    reasons: text('JSON array of sentences'),
    first_seen: bigint('Earliest modification time among the artifacts, unix seconds'),
    last_seen: bigint('Latest modification time among the artifacts, unix seconds'),
    artifacts: integer('Files that count'),
    c2_hits: integer('Contacts with the infrastructure of the attack: rows of threecx_c2_hits'),
    installs: integer('Installs of a compromised release: present, removed or handed out to others'),
    processes: integer('Running processes that count'),
    executions: integer('Records of past executions that count: rows of threecx_executions that are not benign'),
    cert_padding_check: text(
      'Windows setting EnableCertPaddingCheck: on, off (signatures with bytes behind them pass), unknown',
    ),
    scan_age: bigint('Seconds since the pass ended that the answer rests on; NULL before the first complete one'),
    scan_complete: integer('1 when every pass examined all it promised, and not too long ago'),
    indicators_version: text('Content hash of the indicators in force'),
  },
  identity: ['indicators_version'],
  examples: [
    'SELECT verdict, level, reasons FROM threecx_verdict',
    "SELECT 1 FROM threecx_verdict WHERE verdict = 'clean'",
  ],
  async *generate(context, services: HuntServices) {
    const host = await services.verdict(context.signal)
    yield {
      verdict: host.verdict,
      level: host.level,
      stage: host.stage ?? '',
      reasons: JSON.stringify(host.reasons),
      first_seen: host.firstSeen ?? null,
      last_seen: host.lastSeen ?? null,
      artifacts: host.artifacts,
      c2_hits: host.contacts,
      installs: host.installs,
      processes: host.processes,
      executions: host.executions,
      cert_padding_check: host.paddingCheck,
      scan_age: host.scannedAt === undefined ? null : Math.max(0, services.now() - host.scannedAt),
      scan_complete: host.isScanComplete ? 1 : 0,
      indicators_version: services.indicatorsVersion,
    }
  },
})
