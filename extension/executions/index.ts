/**
 * Every reader of executions. Adding one is adding it here.
 */
import { eventLog } from './event-log.ts'
import { prefetch } from './prefetch.ts'
import type { ExecutionReader } from './reader.ts'

/** All readers. */
export const executionReaders: readonly ExecutionReader[] = [prefetch, eventLog]
