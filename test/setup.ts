/**
 * Before every test file: properties run with a known seed, so that a red run means the change and not the dice.
 * `FC_SEED=random npm test` throws new ones; a failure prints the seed that repeats it.
 */
import fc from 'fast-check'

const said = process.env['FC_SEED'] ?? '20230329'
if (said !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(said) })
