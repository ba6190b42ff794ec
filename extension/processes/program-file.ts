/**
 * The file behind a process or a mapping: what it says of itself, its digest, and what indicators say of it.
 *
 * The file that runs need not be the one at its path: it may have been removed, replaced, or lie in a container. So it
 * is opened through the process where that is possible; the judgement of the path counts only if both are one file,
 * otherwise the content is digested and matched here. A pipe or a device is never waited for.
 */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { isThreeCxDesktopApp, readProduct } from '../decoders/product.ts'
import type { Finding } from '../domain/finding.ts'
import { canonical, digestAlgorithms, type Observable } from '../domain/observable.ts'
import { type PathText, pathToBytes } from '../domain/path-text.ts'
import { baseName, comparable } from '../domain/process.ts'
import type { Product } from '../domain/product.ts'
import type { RandomAccess } from '../domain/random-access.ts'
import type { Reasons } from './bounds.ts'
import type { ProcessParts } from './parts.ts'
import { isSameFile } from './proc-entry.ts'

/** A file to look at. */
export interface ProgramFile {
  /** As the process names it. */
  readonly path: PathText
  /** Where it can be opened, best first; the path itself unless told. */
  readonly openAt?: readonly (string | Buffer)[]
}

/** What a look at a file gave. */
export interface SeenFile {
  readonly product: Product | undefined
  readonly sha256: string | undefined
  readonly findings: readonly Finding[]
}

const pieceBytes = 1024 * 1024
const headBytes = 64

/** Looks at files, each once. */
export class ProgramFiles {
  readonly #parts: ProcessParts
  readonly #reasons: Reasons
  readonly #maxFileBytes: number
  readonly #seen = new Map<string, Promise<SeenFile>>()

  constructor(parts: ProcessParts, reasons: Reasons, maxFileBytes: number) {
    this.#parts = parts
    this.#reasons = reasons
    this.#maxFileBytes = maxFileBytes
  }

  /** Everything that can be said of a file. What cannot be read is counted, not thrown. */
  async look(file: ProgramFile, signal: AbortSignal): Promise<SeenFile> {
    const opened = await openFirst(file, (error) => this.#reasons.addFailure(error, 'program files of processes'))
    try {
      const key = opened?.key ?? file.path
      let seen = this.#seen.get(`${key} ${file.path}`)
      if (!seen) {
        seen = this.#examine(file, opened, signal)
        this.#seen.set(`${key} ${file.path}`, seen)
      }
      return await seen
    } finally {
      await opened?.handle.close()
    }
  }

  async #examine({ path }: ProgramFile, opened: Opened | undefined, signal: AbortSignal): Promise<SeenFile> {
    const isAtPath = !opened || opened.isPath || (await isSameFile(opened.at, Buffer.from(pathToBytes(path))))
    const judged = isAtPath ? await this.#judge(path, signal) : undefined
    const product = judged?.product ?? (opened && (await productOf(opened, path)))
    const digests = judged?.digests.sha256 === undefined ? await this.#digests(opened, signal) : judged.digests
    const found = [...(judged?.findings ?? []), ...this.#match(path, isAtPath ? {} : digests, product)]
    const findings = [...new Map(found.map((one) => [one.indicator.id, one])).values()]
    return { product, sha256: digests.sha256, findings }
  }

  async #judge(path: PathText, signal: AbortSignal) {
    try {
      return await this.#parts.judge(path, signal)
    } catch {
      signal.throwIfAborted()
      this.#reasons.add('damaged', 'program files of processes could not be judged')
      return undefined
    }
  }

  async #digests(opened: Opened | undefined, signal: AbortSignal): Promise<Digests> {
    if (!opened) return {}
    if (opened.size > this.#maxFileBytes) {
      this.#reasons.add('bounds', 'program files beyond the bound were not digested')
      return {}
    }
    try {
      return await digestsOf(opened.handle, this.#maxFileBytes, signal)
    } catch {
      signal.throwIfAborted()
      this.#reasons.add('damaged', 'program files of processes cannot be read')
      return {}
    }
  }

  /** The version, always; the digests and the name of a file that no hunt could have judged. */
  #match(path: PathText, digests: Digests, product: Product | undefined): Finding[] {
    const { matcher } = this.#parts
    const base = { source: 'process', path }
    const observables: Observable[] = digestAlgorithms.flatMap((type) => {
      const value = digests[type]
      return value === undefined ? [] : [{ type, value }]
    })
    if (observables.length > 0) observables.push({ type: 'filename', value: baseName(path.replaceAll('\\', '/')) })
    const findings = matcher.match({ ...base, observables })
    const version = product && isThreeCxDesktopApp(product) ? canonical('version', product.version ?? '') : undefined
    if (!product || !version || !('value' in version)) return findings
    const stated: Observable = { type: 'version', value: version.value }
    return [...findings, ...matcher.match({ ...base, platform: product.platform, observables: [stated] })]
  }
}

type Digests = Readonly<Partial<Record<(typeof digestAlgorithms)[number], string>>>

interface Opened {
  readonly handle: FileHandle
  readonly at: string | Buffer
  readonly isPath: boolean
  readonly size: number
  /** Identity of the file and its state. */
  readonly key: string
}

/** The first that opens; `fail` hears why the first did not, when none does. */
async function openFirst({ path, openAt }: ProgramFile, fail: (error: unknown) => void): Promise<Opened | undefined> {
  const places = openAt ?? (path === '' ? [] : [Buffer.from(pathToBytes(path))])
  const errors: unknown[] = []
  for (const at of places) {
    try {
      const opened = await openRegular(at, openAt === undefined)
      if (opened) return opened
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0) fail(errors[0])
  return undefined
}

async function openRegular(at: string | Buffer, isPath: boolean): Promise<Opened | undefined> {
  const handle = await open(at, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0))
  const found = await handle.stat({ bigint: true })
  if (!found.isFile()) {
    await handle.close()
    return undefined
  }
  const key = `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`
  return { handle, at, isPath, size: Number(found.size), key }
}

/** A macOS program keeps its version in the bundle around it, when it does not carry it itself. */
async function productOf({ handle, size }: Opened, path: PathText): Promise<Product | undefined> {
  const own = await productIn(handle, size, path)
  const [, bundle] = /^(.*?\.app\/Contents\/)MacOS\//.exec(path) ?? []
  if (own?.version !== undefined || bundle === undefined) return own
  const plist = await openRegular(Buffer.from(pathToBytes(`${bundle}Info.plist`)), true).catch(() => undefined)
  if (!plist) return own
  try {
    return (await productIn(plist.handle, plist.size, `${bundle}Info.plist`)) ?? own
  } finally {
    await plist.handle.close()
  }
}

async function productIn(handle: FileHandle, size: number, path: PathText): Promise<Product | undefined> {
  const access: RandomAccess = {
    size,
    read: async (offset, length) => {
      const buffer = Buffer.alloc(length)
      const { bytesRead } = await handle.read(buffer, 0, length, offset)
      return buffer.subarray(0, bytesRead)
    },
  }
  const hints = async () => ({ filename: baseName(comparable(path)), head: await access.read(0, headBytes) })
  return await hints()
    .then((known) => readProduct(access, known))
    .catch(() => undefined) // unreadable now: no product
}

/** In pieces, so that neither the loop nor the memory is held by a large file. */
async function digestsOf(handle: FileHandle, maxBytes: number, signal: AbortSignal): Promise<Digests> {
  const hashes = digestAlgorithms.map((algorithm) => ({ algorithm, hash: createHash(algorithm) }))
  const buffer = Buffer.allocUnsafe(pieceBytes)
  for (let at = 0; at < maxBytes; ) {
    signal.throwIfAborted()
    const { bytesRead } = await handle.read(buffer, 0, pieceBytes, at)
    if (bytesRead === 0) break
    for (const { hash } of hashes) hash.update(buffer.subarray(0, bytesRead))
    at += bytesRead
  }
  return Object.fromEntries(hashes.map(({ algorithm, hash }) => [algorithm, hash.digest('hex')]))
}
