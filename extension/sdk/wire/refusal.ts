/**
 * A message that is not what it should be. The connection it came over is closed; nobody else is harmed.
 */
export class WireError extends Error {
  override readonly name = 'WireError'
}
