/**
 * Traits: what the bytes of a file show whatever its digest, seen by a decoder.
 *
 * A trait is an observable of type `structure`; what it means (component, stage, level) is data, in iocs/mechanics/.
 * A decoder names what it saw and where, and gives no verdict.
 */

/** Values a decoder found, by snake_case name; shown to an analyst as JSON. */
export type Fields = Readonly<Record<string, string | number | boolean>>

/** Every trait a decoder can name; iocs/mechanics/ holds one indicator for each. */
export const traitNames = [
  'cert_padding', // bytes hidden behind the signature in a certificate table
  'carrier_payload', // those bytes decrypt to the published loader and library
  'carrier_marker_variant', // the same behind another marker
  'carrier_key_variant', // the marker, and bytes that the campaign's key does not open
  'loader_marker_search', // code that seeks the marker
  'loader_event_name', // the named event beside the name of the carrier
  'loader_key', // the campaign's RC4 key in a program
  'loader_entry_redirection', // start-up code that leads into the loader
  'icon_trailer', // an encrypted trailer behind an icon, and its tag verifies
  'icon_trailer_unverified', // the shape of such a trailer, and its tag does not verify
  'regtrans_anomaly', // a registry transaction log that is none
  'dropper_marker', // the marker of the X_TRADER dropper
  'dropper_payload', // and what it hides
  'macos_loader_strings', // strings of the macOS loader under its one-byte key
  'macos_loader_imports', // system calls that a media library has no use for
  'main_storage', // victim id and next run of the macOS loader
  'agent_identifier', // identifier of the second stage's ad-hoc signature
  'agent_identifier_variant', // the same name with another number
  'agent_functions', // names of its functions
  'poolrat_config', // a configuration under POOLRAT's key
  'container_unread', // an installer that could not be looked into; never a finding by itself
] as const

/** Name of a trait. */
export type TraitName = (typeof traitNames)[number]

/** One trait of one file. */
export interface Trait {
  readonly name: TraitName
  /** Where in the file (or in the member) it was seen; absent when it belongs to the whole. */
  readonly offset?: number
  /** Bytes it takes there. */
  readonly length?: number
  /** What else was read there. */
  readonly fields?: Fields
  /** Path inside the container the file is; absent: the file itself. */
  readonly member?: string
}
