/**
 * Golden files: what a leaf answers, kept as readable JSON beside the tests.
 *
 * `npx vitest run -u` rewrites them; the diff is the review.
 */
import { join } from 'node:path'
import { expect } from 'vitest'

const folder = join(import.meta.dirname, '..', 'golden')

/** Compares a value with `test/golden/<name>.out.json`. Bytes are shown as hex. */
export async function expectGolden(name: string, value: unknown): Promise<void> {
  const text = JSON.stringify(
    value ?? null,
    (_, one) => (one instanceof Uint8Array ? Buffer.from(one).toString('hex') : one),
    2,
  )
  await expect(`${text}\n`).toMatchFileSnapshot(join(folder, `${name}.out.json`))
}
