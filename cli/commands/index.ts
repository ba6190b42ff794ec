/**
 * Every command by its name, in the order of the help. A command is loaded when it is called: one that stays, such as the
 * daemon, does not carry the others.
 */
import type { Command } from '../command.ts'

const loaders: Readonly<Record<string, () => Promise<unknown>>> = {
  hunt: async () => (await import('./hunt.ts')).hunt,
  query: async () => (await import('./query.ts')).query,
  decode: async () => (await import('./decode.ts')).decode,
  indicators: async () => (await import('./indicators.ts')).indicators,
  rules: async () => (await import('./rules.ts')).rules,
  packs: async () => (await import('./packs.ts')).packs,
  daemon: async () => (await import('./daemon.ts')).daemon,
  doctor: async () => (await import('./doctor.ts')).doctor,
  extension: async () => (await import('./extension.ts')).extension,
}

/** Their names. */
export const commandNames = Object.keys(loaders)

/** A command; undefined where there is none of that name. Its option types are its own; the program only hands values over. */
export async function loadCommand(name: string): Promise<Command | undefined> {
  const load = Object.hasOwn(loaders, name) ? loaders[name] : undefined
  return load && ((await load()) as Command)
}

/** All of them. */
export async function loadCommands(): Promise<readonly Command[]> {
  const found = await Promise.all(commandNames.map(loadCommand))
  return found.filter((command) => command !== undefined)
}
