/**
 * The members of a schema as a table of Markdown: name, whether it must be there or what counts without it, meaning.
 */
import { z } from 'zod'

interface Described {
  readonly properties?: Readonly<Record<string, { readonly description?: string; readonly default?: unknown }>>
  readonly required?: readonly string[]
}

/** A table with a line per member. */
export function schemaRows(schema: z.ZodType): string {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
  }) as Described
  const lines = Object.entries(properties).map(
    ([name, { description = '' }]) => `| \`${name}\` | ${required.includes(name) ? 'yes' : 'no'} | ${description} |`,
  )
  return ['| name | required | what |', '|---|---|---|', ...lines].join('\n')
}

/** The same with what counts where a member is left out. */
export function schemaRowsWithDefaults(schema: z.ZodType): string {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
  }) as Described
  const lines = Object.entries(properties).map(([name, { description = '', default: fallback }]) => {
    const isPlain = fallback !== undefined && (typeof fallback !== 'object' || Array.isArray(fallback))
    const without = required.includes(name) ? 'required' : isPlain ? `\`${JSON.stringify(fallback)}\`` : ''
    return `| \`${name}\` | ${without} | ${description.replaceAll('|', '\\|')} |`
  })
  return ['| name | default | what |', '|---|---|---|', ...lines].join('\n')
}
