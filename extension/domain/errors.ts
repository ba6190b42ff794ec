/**
 * Every failure this project names, in one table: a permanent code, the exit code of the command line, and the remedy.
 *
 * The class is shared, the code is the identity. A message says what was attempted, on what, what was found and what
 * was expected; the remedy is fixed per code. docs/errors.md is generated from this table.
 */

/** What each code means, what to do, and how `threecx` exits. Exit codes 0 and 1 are verdicts, not failures. */
export const errorCodes = {
  usage: { exit: 2, title: 'The command line is wrong', remedy: 'Run the command with --help.' },
  scan_incomplete: {
    exit: 3,
    title: 'Nothing was found, but not everything could be examined',
    remedy: 'Read the errors of threecx_scans; run as root or administrator.',
  },
  root_unusable: {
    exit: 4,
    title: 'A root to hunt in is missing or unreadable',
    remedy: 'Give an existing directory that this user may read.',
  },
  indicators_invalid: {
    exit: 5,
    title: 'An indicator set or place list is damaged',
    remedy: 'Run threecx indicators check for all problems.',
  },
  rules_invalid: {
    exit: 11,
    title: 'YARA rules cannot be read, or some are not in force',
    remedy: 'Give existing .yar files or directories of them; threecx rules check names every problem.',
  },
  sql_failed: { exit: 6, title: 'A query failed', remedy: 'Check the statement against docs/tables.md.' },
  output_failed: {
    exit: 7,
    title: 'Results could not be written',
    remedy: 'Choose another --output or free the disk.',
  },
  state_unusable: {
    exit: 8,
    title: 'The state directory cannot be used',
    remedy: 'Give a private, writable directory with --state, or use --no-cache.',
  },
  engine_failed: {
    exit: 9,
    title: 'The scanning engine failed',
    remedy: 'Set THREECX_ENGINE=portable and report the message.',
  },
  decode_refused: {
    exit: 10,
    title: 'A file to decode cannot be read, or is damaged',
    remedy: 'The message names the file and what was wrong; a complete copy may help.',
  },
  configuration_invalid: {
    exit: 12,
    title: 'The configuration file cannot be used',
    remedy:
      'Correct every line that the message names; docs/configuration.md and docs/daemon.md list what may stand there.',
  },
  listen_failed: {
    exit: 13,
    title: 'The daemon cannot answer health and metrics where it should',
    remedy: 'Choose another address with --listen, or --listen off.',
  },
  daemon_unreachable: {
    exit: 14,
    title: 'No daemon answers',
    remedy: 'Start threecx daemon, or name the address it listens at with --listen.',
  },
  delivery_incomplete: {
    exit: 15,
    title: 'A received log has gaps, changed lines or lines without proof',
    remedy: 'The report names each; compare with threecx daemon status on the sending host.',
  },
  packs_invalid: {
    exit: 17,
    title: 'A hunting query cannot run as its header says, or went over its budget',
    remedy: 'Correct what the message names by file and line; threecx packs check names every problem.',
  },
  deployment_broken: {
    exit: 20,
    title: 'osquery would not load the extension, or would load it unsafely',
    remedy: 'Apply the fixes that threecx doctor shows.',
  },
  install_failed: {
    exit: 21,
    title: 'The extension could not be installed or removed',
    remedy: 'Correct what the message names, then run the command again; it changes nothing that is already so.',
  },
  bundle_damaged: {
    exit: 30,
    title: 'An indicator bundle is damaged, truncated, or no bundle at all',
    remedy: 'Copy the file again from where it was built, byte for byte.',
  },
  bundle_too_large: {
    exit: 31,
    title: 'An indicator bundle is larger than a host takes in',
    remedy: 'Build it from fewer sets; the message names the bound.',
  },
  bundle_signature: {
    exit: 32,
    title: 'The signature of an indicator bundle is wrong',
    remedy: 'Do not use the file; find out who changed it, and fetch it again from where it was signed.',
  },
  bundle_unknown_key: {
    exit: 33,
    title: 'An indicator bundle is signed by nobody this host trusts',
    remedy:
      "Put the signer's public key among the trusted keys, or name it with --trust; see docs/indicator-updates.md.",
  },
  bundle_expired: {
    exit: 34,
    title: 'An indicator bundle is past its expiry',
    remedy: 'Install a newer bundle; check the clock of this host.',
  },
  bundle_older: {
    exit: 35,
    title: 'An indicator bundle is older than the one in force',
    remedy: 'Build it with a higher --bundle-version, or take the newer one away with threecx indicators rollback.',
  },
  bundle_conflict: {
    exit: 36,
    title: 'Another indicator bundle of the same version is in force',
    remedy: 'Build changed content with a higher --bundle-version; a version names one content for ever.',
  },
  bundle_withdrawn: {
    exit: 37,
    title: 'This version of an indicator bundle was rolled back on this host',
    remedy: 'Install a newer version, or this one with --any-version if the rollback was a mistake.',
  },
  bundle_too_new: {
    exit: 38,
    title: 'An indicator bundle is made for a newer threecx-hunter',
    remedy: 'Update threecx-hunter, or build the bundle with an older one.',
  },
  bundle_invalid: {
    exit: 39,
    title: 'What an indicator bundle holds is not in order',
    remedy: 'Correct what the message names; threecx indicators check and threecx rules check name every problem.',
  },
  bundle_store: {
    exit: 40,
    title: 'The installed indicator bundles cannot be used, or there is none',
    remedy: 'Run threecx indicators status; install a bundle with --any-version to start anew.',
  },
  trust_unusable: {
    exit: 41,
    title: 'A key for indicator bundles cannot be used or trusted',
    remedy: 'Correct what the message names: owner, mode or content; docs/indicator-updates.md shows how.',
  },
  internal: {
    exit: 70,
    title: 'A defect in threecx-hunter',
    remedy: 'Report it with the stack that --verbose prints.',
  },
  interrupted: { exit: 130, title: 'Stopped by the user', remedy: 'Run again; finished work is in the hash cache.' },
} as const satisfies Record<string, { exit: number; title: string; remedy: string }>

/** One of the permanent codes. */
export type ErrorCode = keyof typeof errorCodes

/** A named failure. `message` is one line; `cause` keeps what lies below. */
export class HunterError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'HunterError'
    this.code = code
  }

  /** What to do about it. */
  get remedy(): string {
    return errorCodes[this.code].remedy
  }

  /** Exit code of the command line. */
  get exit(): number {
    return errorCodes[this.code].exit
  }
}
