/**
 * A spool in a scratch directory: opened, closed, opened again, with what the store told its log.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type OpenSpool, openSpool } from '../../daemon/spool/open-spool.ts'
import type { SpoolBounds } from '../../daemon/spool/spool.ts'
import { spoolPart } from '../../daemon/spool/spool-part.ts'
import { openStore, storeFileName } from '../../daemon/store/open-store.ts'
import type { Store } from '../../daemon/store/store.ts'
import type { ResultEvent } from '../../extension/domain/result-event.ts'

/** Bounds that nothing reaches. */
export const wide: SpoolBounds = { maxBytes: 2 ** 40, maxAgeSeconds: 0, whenFull: 'drop_oldest' }

/** An open spool and its store. */
export interface OpenedSpool {
  readonly store: Store
  readonly spool: OpenSpool
  close(): void
}

/** A directory for one spool. */
export class SpoolPlace {
  readonly directory: string
  readonly file: string
  readonly warnings: string[] = []

  constructor(parent: string = tmpdir()) {
    this.directory = mkdtempSync(join(parent, 'threecx-spool-'))
    this.file = join(this.directory, storeFileName)
  }

  open(bounds: SpoolBounds = wide): OpenedSpool {
    const log = { warn: (_: unknown, message: string) => void this.warnings.push(message) }
    const store = openStore(this.directory, [spoolPart], log)
    const spool = openSpool(store, bounds)
    return {
      store,
      spool,
      close: () => {
        spool.close()
        store.close()
      },
    }
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/** An event whose line says its number. */
export function eventNumber(number: number, bytes = 100, unixTime = 1_680_000_000 + number): ResultEvent {
  const head = `{"name":"pack_threecx-hunt_artifacts","number":${number},"fill":"`
  return {
    kind: 'result',
    query: 'pack_threecx-hunt_artifacts',
    unixTime,
    line: `${head}${'x'.repeat(Math.max(0, bytes - head.length - 2))}"}`,
  }
}

/** Events of consecutive numbers. */
export function eventNumbers(from: number, count: number, bytes?: number): ResultEvent[] {
  return Array.from({ length: count }, (_, at) => eventNumber(from + at, bytes))
}
