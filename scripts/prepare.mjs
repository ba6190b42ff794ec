/**
 * Runs in `npm ci`: builds the native engine where that is possible.
 *
 * Nobody needs Rust to use the project: without a toolchain, and when a build fails, the portable engine does the work.
 * `THREECX_REQUIRE_NATIVE=1` turns both into an error, for machines that build releases.
 */
import process from 'node:process'
import { buildNative } from './build-native.mjs'

const started = Date.now()
const outcome = buildNative()
if ('path' in outcome) {
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  console.log(`native engine: ${outcome.state === 'built' ? 'built' : 'up to date'} in ${seconds} s`)
} else if (outcome.state === 'failed') {
  console.error(outcome.reason)
  console.error('native engine: the build failed (reason above); the portable engine is used')
} else {
  console.log(`native engine: ${outcome.reason}; the portable engine is used`)
}
if (!('path' in outcome) && process.env.THREECX_REQUIRE_NATIVE === '1') process.exitCode = 1
