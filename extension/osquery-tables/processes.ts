/**
 * osquery's table `processes`: those of this machine, from /proc. An image has none, and what it remembers of past ones
 * is no process: that is `threecx_executions`.
 */
import { readdir } from 'node:fs/promises'
import { defaultProcessBounds } from '../processes/bounds.ts'
import { type ProcEntry, readBootTime, readProcEntry } from '../processes/proc-entry.ts'
import { NeedsOsquery, type OsqueryTable } from './services.ts'

const proc = '/proc'

/** The table. */
export const processes: OsqueryTable = {
  name: 'processes',
  async *rows({ equals, signal }, { volumes }) {
    const live = volumes.find(({ isImage }) => !isImage)
    if (!live) return
    if (live.platform !== 'linux') throw new NeedsOsquery(`processes of ${live.platform}`)
    const { maxCmdlineBytes, maxProcesses } = defaultProcessBounds
    const host = { proc, maxCmdlineBytes, bootTime: await readBootTime(proc), owners: () => '' }
    const asked = equals('pid')?.map(Number)
    const pids = (await readdir(proc)).filter((name) => /^[1-9]\d{0,9}$/.test(name)).map(Number)
    for (const pid of pids.slice(0, maxProcesses)) {
      signal.throwIfAborted()
      if (asked && !asked.includes(pid)) continue
      const entry = await readProcEntry(host, pid).catch(() => undefined) // it ended meanwhile
      if (entry) yield row(entry)
    }
  },
}

function row({ pid, parent, name, path, cmdline, uid, startTime, isDeleted }: ProcEntry) {
  const on_disk = path === '' ? -1 : isDeleted ? 0 : 1
  return { pid, parent, name, path, cmdline, uid: uid ?? null, start_time: startTime ?? null, on_disk }
}
