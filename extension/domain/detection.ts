/**
 * Names that Sophos published for the components of the attack, for readers who know them from their antivirus.
 *
 * They name components, not methods: a file found here by structure carries the name of the component it is. The
 * list is that of the article of 30 March 2023; Mal/Generic-S is the same reputation detection by another level.
 * https://news.sophos.com/en-us/2023/03/29/3cx-dll-sideloading-attack/
 */
import type { Indicator, Stage } from './indicator.ts'
import type { Platform } from './platform.ts'

const names: Readonly<Partial<Record<Stage, Readonly<Partial<Record<Platform, string>>>>>> = {
  delivery: { windows: 'Troj/Mdrop-JTQ', darwin: 'OSX/Mdrop-JTR' },
  loader: { windows: 'Troj/Loader-AF', darwin: 'OSX/Loader-AG' },
  payload_carrier: { windows: 'Mal/Generic-R' },
}

/** In memory there are no files: the decrypted loader has a name of its own. */
export const memoryDetection = 'Mem/Loader-AH'

/** The published name of a component; undefined where none was published. */
export function detectionOf(indicator: Indicator, platform: Platform | undefined): string | undefined {
  const on = indicator.platform ?? platform
  return on && names[indicator.stage]?.[on]
}
