/**
 * YARA rules in queries: `sigrule = 'rules: a, b'` becomes the text of our rules of these names.
 *
 * osquery takes rules as text of a query (`sigrule`), as files (`sigfile`) and as groups of its configuration
 * (`sig_group`). Only the first needs nothing on the host, and goes through every consumer that carries SQL, so that is
 * what the packs use. The one definition is `iocs/yara`; metadata is left out, because it says nothing to osquery.
 */
import { type RuleText, rulesIn } from '../rules/rule-text.ts'
import { shippedFiles, shippedText } from '../runtime/resources.ts'

const folder = 'iocs/yara/'
const named = /(\bsigrule\s*=\s*)'rules:\s*(\w[\w\s,]*)'/gi

/** The statement with the text of its rules, and what is wrong with the names in it. */
export function withInlineRules(sql: string): { readonly sql: string; readonly unknown: readonly string[] } {
  const unknown: string[] = []
  const text = sql.replace(named, (_, before: string, list: string) => {
    const rules = list.split(/[\s,]+/).filter(Boolean)
    return `${before}'${rules.map((name) => textOf(name, unknown)).join(' ')}'`
  })
  return { sql: text, unknown }
}

function textOf(name: string, unknown: string[]): string {
  const rule = ours().get(name)
  const problem = problemOf(name, rule)
  if (rule && problem === undefined) return sqlText(rule)
  if (problem !== undefined) unknown.push(problem)
  return ''
}

function problemOf(name: string, rule: RuleText | undefined): string | undefined {
  if (!rule) return `there is no rule ${name} in ${folder}`
  if (rule.imports.length > 0) return `the rule ${name} uses a module, which osquery may not have`
  return /^\s*\/[/*]|\s\/[/*]/m.test(rule.text)
    ? `the rule ${name} has a comment, and queries have rules on one line`
    : undefined
}

/** Without metadata and on one line, because Kibana would fold it: rules know no lines but for comments. Quotes doubled. */
function sqlText({ text }: RuleText): string {
  return text
    .replace(/\n\s*meta:[\s\S]*?(?=\n\s*(?:strings|condition):)/, '')
    .replace(/\s*\n\s*/g, ' ')
    .replaceAll("'", "''")
}

let all: ReadonlyMap<string, RuleText> | undefined

function ours(): ReadonlyMap<string, RuleText> {
  all ??= new Map(
    shippedFiles(folder)
      .filter((file) => file.endsWith('.yar'))
      .flatMap((file) => rulesIn(shippedText(file)).rules.map((rule) => [rule.name, rule] as const)),
  )
  return all
}
