/**
 * Fleet GitOps as it was before 4.82: `queries:`, `teams/`, `team_settings:`. Those servers refuse the newer words.
 */
import { gitops } from './fleet.ts'
import type { Renderer } from './renderer.ts'

/** The renderer. */
export const fleetLegacy: Renderer = {
  target: 'fleet-legacy',
  description: 'Fleet GitOps before 4.82: queries, policies and a label',
  render: (packs) => gitops(packs, { reports: 'queries', settings: 'team_settings', folder: 'teams' }),
}
