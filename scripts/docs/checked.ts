/** iocs/checked.json: digests of the data files, written only when all of them are in order. */
import { checkedText } from '../../extension/indicators/checked-data.ts'
import { loadBundledSets, loadInstallPlaces, loadPlaces, loadSourcePlaces } from '../../extension/indicators/index.ts'

/** The file. */
export function checkedPage(): string {
  loadBundledSets()
  loadPlaces()
  loadInstallPlaces()
  loadSourcePlaces()
  return checkedText()
}
