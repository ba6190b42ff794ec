/**
 * Every command, in the order of the help.
 */
import type { Command } from '../command.ts'
import { daemon } from './daemon.ts'
import { decode } from './decode.ts'
import { doctor } from './doctor.ts'
import { extension } from './extension.ts'
import { hunt } from './hunt.ts'
import { indicators } from './indicators.ts'
import { query } from './query.ts'
import { rules } from './rules.ts'

/** All commands. Their option types are their own; the program only hands values over. */
export const commands = [
  hunt,
  query,
  decode,
  indicators,
  rules,
  daemon,
  doctor,
  extension,
] as unknown as readonly Command[]
