/**
 * Fleet GitOps in the spelling of 4.82 and later: `reports:`, `fleets/`, `settings:`.
 *
 * Lists of reports, policies and labels, and one file that shows how a fleet names them. Keys that are left empty there
 * delete what a fleet has, so its lines are meant to be moved into the file that is in force.
 */
import { agentOptionsOf, labelsOf, policiesOf, presencePolicy, reportsOf, yamlText } from './fleet-content.ts'
import type { RenderedFile, RenderedPack, Renderer } from './renderer.ts'

interface Spelling {
  readonly reports: string
  readonly settings: string
  readonly folder: string
}

/** The renderer. */
export const fleet: Renderer = {
  target: 'fleet',
  description: 'Fleet GitOps: reports, policies and a label, for Fleet 4.82 and later',
  render: (packs) => gitops(packs, { reports: 'reports', settings: 'settings', folder: 'fleets' }),
}

/** The files in a spelling. */
export function gitops(packs: readonly RenderedPack[], spelling: Spelling): readonly RenderedFile[] {
  const reports = packs.map((pack) => ({ path: `${spelling.reports}/${pack.name}.yml`, items: reportsOf(pack) }))
  const policies = [
    { path: 'policies/threecx-extension.yml', items: [presencePolicy] },
    ...packs.map((pack) => ({ path: `policies/${pack.name}.yml`, items: policiesOf(pack) })),
  ].filter(({ items }) => items.length > 0)
  const labels = { path: 'labels/threecx.yml', items: labelsOf(packs) }
  const agentOptions = agentOptionsOf(packs)
  const upwards = (files: readonly { readonly path: string }[]) => files.map(({ path }) => ({ path: `../${path}` }))
  const use = {
    name: 'Workstations',
    policies: upwards(policies),
    [spelling.reports]: upwards(reports),
    agent_options: null,
    controls: null,
    [spelling.settings]: null,
    software: null,
  }
  return [
    ...[labels, ...policies, ...reports].map(({ path, items }) => ({ path, text: escapeVariables(yamlText(items)) })),
    ...(agentOptions ? [{ path: 'agent-options/threecx.yml', text: `${optionsHead}${yamlText(agentOptions)}` }] : []),
    { path: `${spelling.folder}/example.yml`, text: `${exampleHead}${yamlText(use)}` },
  ]
}

/**
 * Fleet puts environment variables into a file before it is read as YAML. A backslash in front makes a dollar sign a
 * dollar sign; of backslashes that stand there already, every one needs another.
 */
function escapeVariables(text: string): string {
  return text.replace(/(\\*)\$/g, (_, before: string) => `${before}${before}\\$`)
}

const optionsHead = `# Tables over the histories of browsers, for the agent options of a fleet. Agent options are one document: move the member
# auto_table_construction below "config:" of the one that is in force. They make whole histories readable for whoever may
# query the hosts.
`

const exampleHead = `# How a fleet names these files. Move the paths into the file of your fleet: a key without a value means "none" and
# deletes. The label belongs to default.yml: "labels:" with "- path: labels/threecx.yml".
`
