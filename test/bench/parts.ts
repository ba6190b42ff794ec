/** All parts of the benchmark, in the order of results.md. */
import { browsing } from './browsers/part.ts'
import { running } from './daemon/part.ts'
import { digesting } from './digests/part.ts'
import { limiting } from './limits/part.ts'
import { searching } from './logs/part.ts'
import type { Part } from './part.ts'
import { rescanning } from './rescan/part.ts'
import { comparing } from './results-diff/part.ts'
import { answering } from './serving/part.ts'
import { spooling } from './spool/part.ts'
import { examining } from './structure/part.ts'
import { sweeping } from './sweep/part.ts'

/** In order. */
export const parts: readonly Part[] = [
  sweeping,
  rescanning,
  digesting,
  answering,
  examining,
  browsing,
  searching,
  comparing,
  spooling,
  running,
  limiting,
]
