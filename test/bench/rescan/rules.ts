/**
 * Prints the rules of a full sweep with all bundled indicators, a line `MIN MAX PATTERN` each, sizes in bytes: what
 * `extension/native/scan/examples/names.rs` reads.
 */
import { decoders } from '../../../extension/decoders/index.ts'
import { openBundledData } from '../../../extension/indicators/checked-data.ts'
import { selectEverywhere } from '../../../extension/indicators/compile.ts'

/** What the crate calls no limit. */
const most = 2n ** 64n - 1n

const { sets, places } = await openBundledData()
const indicators = sets.flatMap((set) => set.indicators)
const examined = decoders.flatMap((decoder) => decoder.files ?? [])
const { rules } = selectEverywhere(indicators, places, undefined, examined)
for (const { pattern, minSize, maxSize } of rules) console.log(`${minSize ?? 0} ${maxSize ?? most} ${pattern}`)
