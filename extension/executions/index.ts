/**
 * Every reader of executions. Adding one is adding it here.
 */
import { amcache } from './amcache.ts'
import { auditd } from './auditd.ts'
import { bam } from './bam.ts'
import { eventLog } from './event-log.ts'
import { journal } from './journal.ts'
import { knowledgec } from './knowledgec.ts'
import { prefetch } from './prefetch.ts'
import { quarantine } from './quarantine.ts'
import type { ExecutionReader } from './reader.ts'
import { shimcache } from './shimcache.ts'
import { unifiedLog } from './unified-log.ts'
import { userassist } from './userassist.ts'

/** All readers. */
export const executionReaders: readonly ExecutionReader[] = [
  prefetch,
  amcache,
  shimcache,
  userassist,
  bam,
  eventLog,
  auditd,
  journal,
  knowledgec,
  quarantine,
  unifiedLog,
]
