/**
 * Keys of a hive for readers of executions; what cannot be read is one problem.
 */
import { Bytes } from '../decoders/bytes.ts'
import type { RegistryKey, RegistryQuery } from '../native/registry.ts'
import type { SourceProblem } from '../sources/source.ts'
import type { ExecutionAccess } from './reader.ts'

/** The keys, or the problem instead of them. */
export async function keysOf(
  access: ExecutionAccess,
  queries: readonly RegistryQuery[],
): Promise<readonly RegistryKey[] | SourceProblem> {
  const answer = await access.registry(queries)
  if (!('problem' in answer)) return answer
  return { problem: { code: answer.isUnsupported ? 'unsupported' : 'damaged', message: answer.problem } }
}

/** Bytes of a value that is neither text nor number; undefined for others. */
export function binary(value: string | number | undefined): Bytes | undefined {
  return typeof value === 'string' && /^(?:[0-9a-f]{2})*$/.test(value)
    ? new Bytes(Buffer.from(value, 'hex'))
    : undefined
}

/** Whether a file begins as a hive does. */
export function isHive(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(0, 4)).toString('latin1') === 'regf'
}

/** Where a key is in its hive. */
export function keyText({ path }: RegistryKey): string {
  return path.join('\\')
}
