/**
 * A contact that a hunt in an image must list, and the files that hold some.
 */
import type { PlannedFile } from './planned-file.ts'

/** One contact; times are unix seconds, null where the source has none. */
export interface PlannedContact {
  readonly source: string
  readonly path: string
  readonly indicator: string
  readonly user: string
  readonly count: number
  readonly firstSeen: number | null
  readonly lastSeen: number | null
}

/** Files with the contacts in them. */
export interface ContactFiles {
  readonly files: readonly PlannedFile[]
  /** None in a form without contacts. */
  readonly contacts: readonly PlannedContact[]
}

/** Makes files with or without contacts; look-alikes are always in them. */
export type MakeContacts = (hasContacts: boolean) => ContactFiles

/** When the stealer reported home. */
export const contactTime = Date.UTC(2023, 2, 29, 14, 0) / 1000
