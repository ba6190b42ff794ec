/**
 * `threecx hunt`: looks for what the attack left behind, says what it found, and what to do next.
 */

import type { Catalogue } from '../../extension/catalogue.ts'
import type { Artifact } from '../../extension/domain/artifact.ts'
import { errorCodes } from '../../extension/domain/errors.ts'
import { type HostVerdict, judgeHost } from '../../extension/domain/host-verdict.ts'
import type { Scan } from '../../extension/domain/scan.ts'
import { timelineOf } from '../../extension/domain/timeline.ts'
import { readsEverything } from '../../extension/indicators/compile.ts'
import type { SurroundingsAnswer } from '../../extension/surroundings.ts'
import { artifactColumns, artifactRow } from '../../extension/tables/threecx-artifacts.ts'
import { defineCommand, type Terminal } from '../command.ts'
import { closing, openForHunt } from '../hunting.ts'
import { commonOptions, huntOptions } from '../options.ts'
import { writeFileWhole, writeTo } from '../output/destination.ts'
import { type Format, formats, render } from '../output/format.ts'
import { Progress } from '../progress.ts'
import { huntReport, huntSummary } from '../report.ts'

/** The command. */
export const hunt = defineCommand({
  name: 'hunt',
  summary: 'look for what the attack left on this machine or on a mounted image',
  usage: '[--root DIR] [--full] [--format table|json|jsonl|csv] [--output FILE]',
  description: `
Looks in the places where the 3CX Desktop App and the later stages of the attack live, for all users, and
compares what it finds with the published indicators: digests, places, names, and the version inside programs.
Nothing is changed, nothing found is executed, nothing is sent anywhere.

With --full it sweeps everything below the root. A file is opened only when its name, size and first bytes say
that an indicator could mean it, so a whole disk takes seconds to minutes. Run it as root or administrator:
what cannot be read cannot be called clean.

The table format is a report for people. The others give one record per file on stdout, with the columns of the
table threecx_artifacts, and the summary on stderr.`,
  options: {
    ...huntOptions,
    format: { kind: 'text', value: 'F', choices: formats, default: 'table', doc: 'How results are written' },
    output: { kind: 'text', value: 'FILE', doc: 'Write results to FILE instead of stdout' },
    ...commonOptions,
  },
  examples: [
    ['threecx hunt', 'this machine, the usual places; seconds'],
    ['threecx hunt --full', 'this machine, every local disk'],
    ['threecx hunt --root /mnt/evidence --full --format jsonl --output found.jsonl', 'a mounted disk image'],
    ['threecx hunt --indicators my-iocs.csv', 'with a list of your own beside the published ones'],
  ],
  async run(terminal, options, args) {
    const catalogue = await openForHunt(terminal, options, args)
    return await closing(catalogue, async () => {
      const progress = new Progress(terminal)
      const artifacts: Artifact[] = []
      const scans: Scan[] = []
      for await (const event of catalogue.hunter.run(terminal.signal)) {
        if (event.kind === 'progress') progress.show(event.root, event.progress)
        if (event.kind === 'artifact') artifacts.push(event.artifact)
        if (event.kind === 'scan') scans.push(event.scan)
      }
      progress.clear()
      for (const [at, one] of artifacts.entries()) {
        // selected by name or version alone: a reader still wants to know which file it is
        if (one.digests.sha256 !== undefined || terminal.signal.aborted) continue
        artifacts[at] = { ...one, digests: await catalogue.hunter.digests(one, ['sha256'], terminal.signal) }
      }
      artifacts.sort(byGravity)
      const shown = artifacts.filter((one) => one.verdict !== 'benign')
      const beside = await besideFiles(catalogue, terminal.signal)
      scans.push(...beside.scans)
      const host = judgeHost({ artifacts, ...beside }, scans)
      const report = {
        host,
        artifacts: shown,
        timeline: timelineOf({ artifacts, ...beside }),
        benign: artifacts.length - shown.length,
        scans,
        engine: catalogue.engine.name,
        ...(catalogue.engineReason === undefined ? {} : { engineReason: catalogue.engineReason }),
        indicators: catalogue.hunter.indicators.length,
        sets: catalogue.hunter.sets.length,
        readsEverything: options.full ? readsEverything(catalogue.hunter.indicators).length : 0,
        isFull: options.full,
      }
      await write(terminal, options.format as Format, options.output, shown, huntReport(report), huntSummary(report))
      return exitCode(terminal, host, scans)
    })
  },
})

/** Nothing when the hunt was interrupted: its report says what was found until then. */
async function besideFiles({ hunter }: Catalogue, signal: AbortSignal): Promise<SurroundingsAnswer> {
  try {
    return await hunter.surroundings(signal)
  } catch (error) {
    if (!signal.aborted) throw error
    return { installs: [], processes: [], contacts: [], executions: [], paddingCheck: 'unknown', scans: [] }
  }
}

async function write(
  terminal: Terminal,
  format: Format,
  output: string | undefined,
  artifacts: readonly Artifact[],
  report: string,
  summary: string,
): Promise<void> {
  async function* pieces(): AsyncGenerator<string, void, undefined> {
    if (format === 'table') yield report
    else
      yield* render(
        format,
        artifactColumns,
        artifacts.map((one) => artifactRow(one, one.digests)),
        terminal.width,
      )
  }
  if (output === undefined) await writeTo(terminal.stdout, pieces())
  else await writeFileWhole(output, pieces())
  if (format !== 'table' || output !== undefined) terminal.stderr.write(summary)
}

function exitCode(terminal: Terminal, host: HostVerdict, scans: readonly Scan[]): number {
  if (terminal.signal.aborted) return errorCodes.interrupted.exit
  if (host.verdict !== 'clean' && host.verdict !== 'unknown') return 1
  if (scans.some((scan) => scan.state === 'failed')) return errorCodes.engine_failed.exit
  return host.verdict === 'unknown' ? errorCodes.scan_incomplete.exit : 0
}

const gravity = ['malicious', 'suspicious', 'affected', 'benign']

function byGravity(a: Artifact, b: Artifact): number {
  return gravity.indexOf(a.verdict) - gravity.indexOf(b.verdict) || (a.path < b.path ? -1 : 1)
}
