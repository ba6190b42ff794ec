/**
 * Who waits for whom: finds a table that asks the very database that is waiting for the table.
 *
 * A database runs one query at a time, so such a question would wait for ever. Each call of a table runs in an
 * asynchronous context that knows its database and the call around it; a query looks outwards before it waits.
 */
import { AsyncLocalStorage } from 'node:async_hooks'

/** A call of a table. It stands in the way only as long as it is open. */
export interface NestedCall {
  readonly owner: object
  readonly outer: NestedCall | undefined
  isOpen: boolean
}

const current = new AsyncLocalStorage<NestedCall | undefined>()

/** The call whose code is running, if any. */
export function currentCall(): NestedCall | undefined {
  return current.getStore()
}

/** Runs code of a table as part of a call. */
export function inCall<T>(call: NestedCall, run: () => T): T {
  return current.run(call, run)
}

/** Whether an open call of this owner encloses the running code. */
export function isInside(owner: object): boolean {
  for (let call = currentCall(); call; call = call.outer) if (call.isOpen && call.owner === owner) return true
  return false
}
