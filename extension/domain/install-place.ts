/**
 * Places where an install of the app, or what is left of one, shows itself by a file. Data: iocs/installs.json.
 */
import type { InstallScope, InstallSource } from './install.ts'
import type { Platform } from './platform.ts'

/** One place. */
export interface InstallPlace {
  readonly id: string
  /** System of the volume. */
  readonly platform: Platform
  /** Pattern of domain/glob.ts below the root of a volume; the component `<user>` is any, and names the user. */
  readonly pattern: string
  readonly what: string
  /** System the app is made for. */
  readonly of: Platform
  readonly source: InstallSource
  readonly scope: InstallScope
  /** Account the place belongs to, where the pattern does not name it. */
  readonly user?: string
  /** Sought in images only, because it means looking at every directory. */
  readonly imagesOnly?: boolean
  /** The app is there, but thrown away. */
  readonly isDiscarded?: boolean
}
