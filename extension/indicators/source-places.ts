/**
 * The places of iocs/sources.json: where a source of contacts or executions keeps its records.
 */
import type { SourcePlace } from '../domain/source-place.ts'
import { bundledFile } from './bundled.ts'
import { readDataFile } from './data-file.ts'
import type { SourceFile } from './files.ts'
import { distinctPlaces } from './places.ts'
import { sourcePlacesDocument } from './schema.ts'

/** The places of a file, by default those that ship. Throws `IndicatorsError`. */
export function loadSourcePlaces(file: SourceFile = bundledFile('sources.json')): readonly SourcePlace[] {
  return distinctPlaces(file, readDataFile(file, sourcePlacesDocument).places)
}
