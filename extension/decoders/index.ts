/**
 * Every decoder, one per format, in the order they are run.
 */
import { certificateTable } from './certificate-table.ts'
import type { Decoder } from './decoder.ts'
import { dropper } from './dropper.ts'
import { iconTrailer } from './icon-trailer.ts'
import { loader } from './loader.ts'
import { macosAgent } from './macos-agent.ts'
import { macosLoader, macosLoaderElsewhere } from './macos-loader.ts'
import { mainStorage } from './main-storage.ts'
import { poolratConfig } from './poolrat-config.ts'
import { regtrans } from './regtrans.ts'

/** Raised with every change of what a decoder sees, so that files which seemed empty are looked at again. */
export const decodersRevision = 1

/** All decoders. */
export const decoders: readonly Decoder[] = [
  certificateTable,
  dropper,
  iconTrailer,
  loader,
  macosAgent,
  macosLoader,
  macosLoaderElsewhere,
  mainStorage,
  poolratConfig,
  regtrans,
]
