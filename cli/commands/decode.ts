/**
 * `threecx decode`: what is hidden in a file, one JSON object per payload.
 *
 * Needs no indicators, no rules and no state: only the decoders. Each file is opened as safely as in a hunt.
 */
import { realpath } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { decoders } from '../../extension/decoders/index.ts'
import { errorCodes, HunterError } from '../../extension/domain/errors.ts'
import type { Examination } from '../../extension/domain/examination.ts'
import { fileKind, headLength } from '../../extension/domain/file-kind.ts'
import type { PathText } from '../../extension/domain/path-text.ts'
import { pathFromBytes, pathToBytes } from '../../extension/domain/path-text.ts'
import { payloadRecord } from '../../extension/domain/payload.ts'
import { Examiner } from '../../extension/examining/examiner.ts'
import type { ScanEngine } from '../../extension/native/engine.ts'
import { openEngine } from '../../extension/native/index.ts'
import { noRules } from '../../extension/rules/rule-search.ts'
import { defaultLimits } from '../../extension/sweep/request.ts'
import { defineCommand, type Terminal } from '../command.ts'
import { commonOptions } from '../options.ts'
import { printable } from '../output/printable.ts'

/** The command. */
export const decode = defineCommand({
  name: 'decode',
  summary: 'show what is hidden in a file: an icon, a DLL, a dylib, a .main_storage',
  usage: 'FILE...',
  description: `
Prints one JSON object per payload found, one per line: path, kind, offset, length, sha256 (of the decoded bytes),
authenticated (1 when a cryptographic tag verified, 0 when it did not, null where the scheme has none), urls, fields,
parts, next_run (unix seconds), member (path inside an installer). A tag that does not verify gives no address.

What else was seen, and why something could not be read to its end, is said on stderr. Decoded bytes are not written
anywhere and never executed; only digests, addresses and fields are shown.

Exit codes: 0 nothing is hidden there, 1 something is, ${errorCodes.decode_refused.exit} a file could not be read, or looks like one of the formats and is damaged.`,
  options: commonOptions,
  examples: [
    ['threecx decode icon13.ico', 'the C2 address behind an icon'],
    ['threecx decode d3dcompiler_47.dll ffmpeg.dll', 'the payload behind a signature, and its loader'],
    ["threecx decode ~/Library/'Application Support'/'3CX Desktop App'/.main_storage", 'victim id and next run'],
  ],
  async run(terminal, _options, args) {
    if (args.length === 0) throw new HunterError('usage', 'FILE is missing; expected one or more files to decode')
    const { engine } = await openEngine({})
    const examiner = new Examiner(engine, decoders, noRules, '')
    let found = 0
    let refused = 0
    for (const path of args) {
      terminal.signal.throwIfAborted()
      const seen = await examined(engine, examiner, path, terminal)
      for (const payload of seen.payloads) {
        terminal.stdout.write(`${JSON.stringify({ path, ...payloadRecord(payload) })}\n`)
      }
      for (const { name, offset } of seen.traits) {
        terminal.stderr.write(`${printable(path)}: ${name}${offset === undefined ? '' : ` at ${offset}`}\n`)
      }
      for (const refusal of seen.refusals) terminal.stderr.write(`${printable(path)}: ${printable(refusal)}\n`)
      found += seen.payloads.length + seen.traits.length
      refused += seen.refusals.length
    }
    if (refused > 0 && found === 0) return errorCodes.decode_refused.exit
    return found > 0 ? 1 : 0
  },
})

async function examined(
  engine: ScanEngine,
  examiner: Examiner,
  path: string,
  { signal }: Terminal,
): Promise<Examination> {
  const nothing = { traits: [], payloads: [] }
  try {
    const canonical = pathFromBytes(await realpath(Buffer.from(pathToBytes(path)), 'buffer'))
    const roots = [dirname(canonical)]
    const ref = { root: 0, path: basename(canonical) }
    const [entry] = await engine.stat(roots, [ref])
    if (!entry || 'code' in entry) return { ...nothing, refusals: [`cannot be read: ${entry?.message}`] }
    const head = await engine.read(roots, ref, 0, headLength)
    const hints = { filename: basename(path), path: slashed(canonical), kind: fileKind(head), size: entry.size }
    const [seen] = await examiner.examine([{ ref, identity: entry, hints }], { roots, limits: defaultLimits }, signal)
    return seen?.examination ?? { ...nothing, refusals: [] }
  } catch (cause) {
    signal.throwIfAborted()
    return { ...nothing, refusals: [`cannot be read: ${cause instanceof Error ? cause.message : cause}`] }
  }
}

function slashed(path: PathText): PathText {
  return path.replaceAll('\\', '/').replace(/^\/+/, '')
}
