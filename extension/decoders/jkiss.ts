/**
 * David Jones' JKISS generator, which the campaign uses to derive the key and nonce of its icons from a seed.
 *
 * Only the carry of the multiply-with-carry part is seeded; everything else starts from the generator's published
 * constants, so that 32 bits decide the whole stream. Not for secrets.
 * http://www0.cs.ucl.ac.uk/staff/d.jones/GoodPracticeRNG.pdf
 */

/** The low bytes of successive outputs for a seed of 32 bits. */
export function jkissBytes(seed: number, length: number): Uint8Array {
  let x = 123456789
  let y = 987654321
  let z = 43219876
  let carry = BigInt(seed >>> 0)
  return Uint8Array.from({ length }, () => {
    x = (Math.imul(314527869, x) + 1234567) | 0
    y ^= y << 5
    y ^= y >>> 7
    y ^= y << 22
    const product = 4294584393n * BigInt(z) + carry
    carry = product >> 32n
    z = Number(product & 0xffff_ffffn)
    return (x + y + z) & 0xff
  })
}
