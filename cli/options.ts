/**
 * Options: one declaration each, which yields the flag, the environment variable, the check and the help line.
 *
 * Order of precedence: default < environment < flag.
 */
import { parseArgs } from 'node:util'
import { HunterError } from '../extension/domain/errors.ts'

/** One option. */
export interface OptionSpec {
  /** One line of help. */
  readonly doc: string
  /** `flag` takes no value; `list` may be given several times. */
  readonly kind: 'flag' | 'text' | 'list'
  /** Name of the value in help. */
  readonly value?: string
  readonly choices?: readonly string[]
  readonly default?: string
  readonly env?: string
}

/** Options by name, without the dashes. */
export type OptionSpecs = Readonly<Record<string, OptionSpec>>

/** The values a command gets. */
export type OptionValues<Specs extends OptionSpecs> = {
  readonly [Name in keyof Specs]: Specs[Name]['kind'] extends 'flag'
    ? boolean
    : Specs[Name]['kind'] extends 'list'
      ? readonly string[]
      : Specs[Name] extends { readonly default: string }
        ? string
        : string | undefined
}

/** Options every command takes. */
export const commonOptions = {
  help: { kind: 'flag', doc: 'Show this help' },
  verbose: { kind: 'flag', doc: 'Log what is done, JSON lines on stderr' },
} as const satisfies OptionSpecs

/** Which indicator bundle is in force, where it is not the newest good one that is installed. */
export const bundleOptions = {
  bundle: { kind: 'text', value: 'FILE', doc: 'Use this indicator bundle for once, not the installed one' },
  'no-bundle': { kind: 'flag', doc: 'Use the indicators that ship with threecx, not an installed bundle' },
  trust: {
    kind: 'list',
    value: 'KEY.pub',
    doc: 'Public key, or directory of them, that may sign bundles; default: THREECX_TRUST, else /etc/threecx-hunter/trusted-keys',
  },
} as const satisfies OptionSpecs

/** Options of commands that hunt. */
export const huntOptions = {
  root: { kind: 'text', value: 'DIR', doc: 'Hunt in DIR as the root of a mounted image; default: this machine' },
  platform: {
    kind: 'text',
    value: 'P',
    choices: ['windows', 'darwin', 'linux'],
    doc: 'What the image holds; default: seen from its layout',
  },
  indicators: { kind: 'list', value: 'PATH', doc: 'Add indicators: our JSON, a CSV, a plain list, STIX 2.1 or MISP' },
  rules: { kind: 'list', value: 'PATH', doc: 'Add YARA rules: a .yar file or a directory of them' },
  config: {
    kind: 'text',
    value: 'FILE',
    env: 'THREECX_CONFIG',
    doc: 'Configuration, YAML or JSON; default: /etc/threecx-hunter/config.yaml if it is there',
  },
  full: { kind: 'flag', doc: 'Sweep everything below the root, not only the places where 3CX lives' },
  mounts: {
    kind: 'text',
    value: 'M',
    choices: ['same', 'local', 'all'],
    doc: 'File systems to enter below the root; default: local ones on this machine, none in an image',
  },
  'max-file-size': { kind: 'text', value: 'MIB', default: '2048', doc: 'Larger files are reported, not read' },
  cpu: {
    kind: 'text',
    value: 'PERCENT',
    doc: 'Share of one core the sweep may use, at the lowest priority; default: no bound',
  },
  'read-rate': {
    kind: 'text',
    value: 'MIB',
    doc: 'Mebibytes a second the sweep may read, at the lowest priority; default: no bound',
  },
  state: { kind: 'text', value: 'DIR', env: 'THREECX_STATE', doc: 'Where the hash cache and scan records are kept' },
  'no-cache': { kind: 'flag', doc: 'Read every selected file; keep nothing' },
  ...bundleOptions,
} as const satisfies OptionSpecs

/** Parses arguments against specs. Unknown options and bad values are usage errors. */
export function parseOptions<Specs extends OptionSpecs>(
  specs: Specs,
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
): { options: OptionValues<Specs>; args: string[] } {
  const config = Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [
      name,
      {
        type: spec.kind === 'flag' ? ('boolean' as const) : ('string' as const),
        multiple: spec.kind === 'list',
        ...(name === 'help' ? { short: 'h' } : {}),
      },
    ]),
  )
  let parsed: ReturnType<typeof parseArgs>
  try {
    parsed = parseArgs({ args: [...argv], options: config, allowPositionals: true, strict: true })
  } catch (cause) {
    const [sentence] = (cause instanceof Error ? cause.message : String(cause)).split('. ')
    throw new HunterError('usage', sentence ?? 'bad arguments', { cause })
  }
  const options: Record<string, unknown> = {}
  for (const [name, spec] of Object.entries(specs)) {
    const fallback = spec.kind === 'flag' ? false : spec.kind === 'list' ? [] : spec.default
    const value = parsed.values[name] ?? (spec.env ? env[spec.env] || undefined : undefined) ?? fallback
    if (spec.choices && typeof value === 'string' && !spec.choices.includes(value)) {
      throw new HunterError('usage', `--${name} is ${JSON.stringify(value)}; expected ${spec.choices.join(', ')}`)
    }
    options[name] = value
  }
  return { options: options as OptionValues<Specs>, args: parsed.positionals }
}

/** Help lines of options, aligned. */
export function describeOptions(specs: OptionSpecs): string {
  const rows = Object.entries(specs).map(([name, spec]) => {
    const flag = `--${name}${spec.kind === 'flag' ? '' : ` ${spec.value ?? 'VALUE'}`}`
    const extra = [
      spec.choices ? spec.choices.join(' | ') : '',
      spec.default ? `default ${spec.default}` : '',
      spec.env ? `or ${spec.env}` : '',
      spec.kind === 'list' ? 'repeatable' : '',
    ].filter(Boolean)
    return [flag, extra.length > 0 ? `${spec.doc} (${extra.join('; ')})` : spec.doc] as const
  })
  const width = Math.max(...rows.map(([flag]) => flag.length))
  return rows.map(([flag, doc]) => `  ${flag.padEnd(width)}  ${doc}`).join('\n')
}
