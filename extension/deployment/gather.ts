/**
 * Gathers everything the rules look at, once.
 *
 * Which file, load file and socket are meant follows from what the caller said, then from the flags file, then from
 * the layout of the platform. Reads, connects to the manager's socket, writes nothing.
 */
import { readFileSync } from 'node:fs'
import type { Platform } from '../domain/platform.ts'
import { binaryFormat, headBytes } from './binary-format.ts'
import type { BundleFacts, FileFacts, HostFacts, ProgramFacts, SocketFacts } from './facts.ts'
import { flagValue } from './flags-file.ts'
import { gatherAccessList } from './gather-acl.ts'
import { gatherFile, readHead } from './gather-file.ts'
import { gatherFlagsFile } from './gather-flags.ts'
import { gatherLoadFile } from './gather-load-file.ts'
import { tryConnection } from './gather-socket.ts'
import { isOurs, type Layout, pathsOf } from './layout.ts'
import { mountOptionsOf } from './mount-table.ts'

/** What a caller may say; everything else is found out. */
export interface Subject {
  readonly layout: Layout
  readonly stateDirectory: string
  /** Told by whoever knows indicators. */
  readonly bundle: BundleFacts
  readonly file?: string
  readonly loadFile?: string
  readonly flagsFile?: string
  readonly socket?: string
}

/** Gathers the facts of this host. */
export async function gatherHost(subject: Subject): Promise<HostFacts> {
  const { layout } = subject
  const paths = pathsOf(layout.platform)
  const flagsFile = gatherFlagsFile(subject.flagsFile ?? layout.flagsFile, subject.flagsFile !== undefined)
  const loadFile = gatherLoadFile(subject.loadFile ?? layout.loadFile, layout.platform)
  const listed = loadFile.entries.find((entry) => isOurs(paths.basename(entry.path)))?.path
  const file = subject.file ?? listed ?? paths.join(layout.directory, layout.fileName)
  const flagged = flagValue(flagsFile.text?.flags ?? [], 'extensions_socket')
  const program = await gatherProgram(file, layout.platform)
  const socket = await gatherSocket(subject.socket ?? flagged ?? layout.socket, subject.socket !== undefined, layout)
  const sid = layout.platform === 'windows' ? (await gatherAccessList(file))?.sid : undefined
  return Object.freeze({
    platform: layout.platform,
    arch: process.arch,
    uid: process.getuid?.() ?? -1,
    ...(sid === undefined ? {} : { sid }),
    layout,
    program,
    loadFile,
    flagsFile,
    socket,
    state: gatherFile(subject.stateDirectory),
    bundle: subject.bundle,
  })
}

async function gatherProgram(path: string, platform: Platform): Promise<ProgramFacts> {
  const found = await withAccessList(gatherFile(path))
  const parent = await withAccessList(gatherFile(pathsOf(platform).dirname(path)))
  const head = found.nature === 'file' ? readHead(path, headBytes) : undefined
  const format = head === undefined ? undefined : binaryFormat(head)
  const mountOptions = found.realPath === undefined ? undefined : mountOptionsOf(mountInfo(), found.realPath)
  return Object.freeze({
    ...found,
    parent,
    ...(format === undefined ? {} : { format }),
    ...(format?.kind === 'script' ? { hasInterpreter: gatherFile(format.interpreter).nature === 'file' } : {}),
    ...(mountOptions === undefined ? {} : { mountOptions }),
  })
}

async function withAccessList(found: FileFacts): Promise<FileFacts> {
  const list = found.realPath === undefined ? undefined : await gatherAccessList(found.realPath)
  return list === undefined ? found : Object.freeze({ ...found, sddl: list.sddl })
}

async function gatherSocket(path: string, isNamed: boolean, layout: Layout): Promise<SocketFacts> {
  const found = gatherFile(path)
  const parent = gatherFile(pathsOf(layout.platform).dirname(path))
  const canTry = layout.platform === 'windows' || found.nature === 'socket'
  const connection = canTry ? await tryConnection(path) : 'not_tried'
  return Object.freeze({ ...found, parent, isNamed, connection })
}

function mountInfo(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8')
  } catch {
    return ''
  }
}
