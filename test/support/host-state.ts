/**
 * States of hosts for tests of verdicts.
 */
import type { HostState } from '../../extension/domain/host-state.ts'

/** A host with nothing on it. */
export const nothingFound: HostState = { artifacts: [], installs: [], processes: [], paddingCheck: 'unknown' }
