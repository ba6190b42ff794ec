/**
 * The places of iocs/installs.json: where an install, or what is left of one, shows itself by a file.
 */
import type { InstallPlace } from '../domain/install-place.ts'
import { bundledFile } from './bundled.ts'
import { readDataFile } from './data-file.ts'
import type { SourceFile } from './files.ts'
import { distinctPlaces } from './places.ts'
import { installPlacesDocument } from './schema.ts'

/** The places of a file, by default those that ship. Throws `IndicatorsError`. */
export function loadInstallPlaces(file: SourceFile = bundledFile('installs.json')): readonly InstallPlace[] {
  return distinctPlaces(file, readDataFile(file, installPlacesDocument).places)
}
