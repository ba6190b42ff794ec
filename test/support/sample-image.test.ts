import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { isThreeCxDesktopApp, readProduct } from '../../extension/decoders/product.ts'
import type { Evidence } from '../../extension/domain/evidence.ts'
import { headLength } from '../../extension/domain/file-kind.ts'
import { gravest, verdictOf } from '../../extension/domain/finding.ts'
import { type Matcher, matcher } from '../../extension/domain/match.ts'
import { canonical, digestAlgorithms, type Observable } from '../../extension/domain/observable.ts'
import { type Platform, platforms } from '../../extension/domain/platform.ts'
import { loadBundledSets, loadSets } from '../../extension/indicators/load.ts'
import { blobLayout, carrierPayload, marker, rc4, rc4Key } from './carrier-payload.ts'
import { mainStorage } from './image/darwin-image.ts'
import { digest } from './image/indicator-file.ts'
import type { PlannedFile } from './image/planned-file.ts'
import { plannedFiles } from './image/plant.ts'
import { memoryFile } from './memory-file.ts'
import { main, plantImage, sampleIndicators } from './sample-image.ts'

const scratch = mkdtempSync(join(tmpdir(), 'sample-image-'))
afterAll(() => rmSync(scratch, { recursive: true }))

/** Releases that are compromised, by the platform they are made for. */
const affected: Readonly<Record<string, readonly string[]>> = {
  windows: ['18.12.407', '18.12.416'],
  darwin: ['18.11.1213', '18.12.402', '18.12.407', '18.12.416'],
}

/** Runs the command and catches what it says. */
function run(...args: string[]): { exit: number; stdout: string; stderr: string } {
  const said = { stdout: '', stderr: '' }
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      said[name] += String(text)
      return true
    }),
  )
  const exit = main(args)
  for (const spy of spies) spy.mockRestore()
  return { exit, ...said }
}

/** Everything that shipped and own indicators say of a file, without what is only context or benign. */
async function judge(platform: Platform, file: PlannedFile, match: Matcher['match']) {
  const filename = basename(file.path)
  const content = digestAlgorithms.map((type): Observable => ({ type, value: digest(type, file.bytes) }))
  const evidence: Evidence[] = [
    { source: 'file', observables: [...content, { type: 'filename', value: filename }] },
    { source: 'file', platform, observables: [{ type: 'path', value: file.path }] },
  ]
  const product = await readProduct(memoryFile(file.bytes), { filename, head: file.bytes.subarray(0, headLength) })
  const version = product && isThreeCxDesktopApp(product) && canonical('version', product.version ?? '')
  if (product && version && 'value' in version) {
    evidence.push({ source: 'file', platform: product.platform, observables: [{ type: 'version', ...version }] })
  }
  return evidence.flatMap(match).flatMap(({ indicator, observable }) => {
    const verdict = verdictOf(indicator)
    return verdict === undefined || verdict === 'benign' ? [] : [{ verdict, matchedBy: observable.type }]
  })
}

/** Whether a file states a compromised release of the app, and which version it states. */
async function statesAffectedRelease(path: string, bytes: Uint8Array): Promise<boolean> {
  const filename = path.slice(path.lastIndexOf('/') + 1)
  const product = await readProduct(memoryFile(bytes), { filename, head: bytes.subarray(0, headLength) })
  if (!product || !isThreeCxDesktopApp(product)) return false
  const version = canonical('version', product.version ?? '')
  return 'value' in version && (affected[product.platform] ?? []).includes(version.value)
}

describe.each(platforms)('%s image', (platform) => {
  const compromised = plannedFiles(platform, 'compromised')
  const clean = plannedFiles(platform, 'clean')
  const listed = new Set(sampleIndicators(platform).indicators.map((one) => one.value))

  test('every file is planned once, below the root', () => {
    for (const files of [compromised, clean]) {
      expect(new Set(files.map((file) => file.path.toLowerCase())).size).toBe(files.length)
      expect(files.every((file) => !/^\/|\\|(^|\/)\.\.(\/|$)|\/\//.test(file.path))).toBe(true)
    }
  })

  test('the twin has nothing to find, and no byte of what was listed', () => {
    expect(clean.filter((file) => file.reasons.length > 0)).toEqual([])
    expect(clean.filter((file) => digestAlgorithms.some((one) => listed.has(digest(one, file.bytes))))).toEqual([])
  })

  test('a digest is a reason exactly where the set lists it', () => {
    for (const file of compromised) {
      const reasons = file.reasons.map((reason): string => reason.matchedBy)
      for (const one of digestAlgorithms)
        expect(listed.has(digest(one, file.bytes)), file.path).toBe(reasons.includes(one))
    }
  })

  test('a version is a reason exactly where the file states a compromised release', async () => {
    for (const file of [...compromised, ...clean]) {
      const isReason = file.reasons.some((reason) => reason.matchedBy === 'version')
      expect(await statesAffectedRelease(file.path, file.bytes), file.path).toBe(isReason)
    }
  })

  test('the shipped sets and its own judge every file as the answer key says', async () => {
    const own = sampleIndicators(platform).indicators.map((one) => ({ ...one, id: `own/${one.number}`, set: 'own' }))
    const { match } = matcher([...loadBundledSets().flatMap((set) => set.indicators), ...own])
    for (const file of [...compromised, ...clean].filter((one) => !one.isInside)) {
      const said = await judge(platform, file, match)
      // what decoders and rules see is for a hunt to show
      const reasons = file.reasons.filter(({ matchedBy }) => matchedBy !== 'structure' && matchedBy !== 'yara_rule')
      expect(gravest(said.map((one) => one.verdict)), file.path).toBe(gravest(reasons.map((one) => one.verdict)))
      expect(new Set(said.map((one) => one.matchedBy)), file.path).toEqual(new Set(reasons.map((one) => one.matchedBy)))
    }
  })

  test('lists every kind of digest, in a set that loads', () => {
    const { indicators } = sampleIndicators(platform)
    const digests = indicators.map((one) => one.type).filter((type) => type !== 'ip')
    expect(new Set(digests)).toEqual(new Set(digestAlgorithms))
    const file = join(scratch, `loads-${platform}.json`)
    writeFileSync(file, JSON.stringify(sampleIndicators(platform, `loads-${platform}`)))
    expect(loadSets([file])[0]?.indicators.length).toBe(indicators.length)
  })

  test('writes what it planned, with the same bytes and times on every run', () => {
    const [first, second] = ['first', 'second'].map((name) => join(scratch, `${platform}-${name}`))
    const planted = plantImage(platform, first ?? '', { clean: false })
    expect(plantImage(platform, second ?? '', { clean: false })).toEqual(planted)
    for (const file of planted) {
      const path = join(second ?? '', file.path)
      expect(digest('sha256', readFileSync(path))).toBe(file.sha256)
      expect(statSync(path).mtimeMs / 1000).toBe(file.mtime)
    }
    const onDisk = readdirSync(first ?? '', { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    const paths = onDisk.map((entry) => relative(first ?? '', join(entry.parentPath, entry.name)))
    expect(paths.sort()).toEqual(planted.map((file) => file.path))
  })
})

test('the carrier hides a blob of the published layout behind a doubled marker', () => {
  const payload = carrierPayload()
  expect(payload.length).toBe(8 + 277_256)
  expect(payload.subarray(0, 8)).toEqual(marker)
  const blob = Buffer.from(rc4(Buffer.from(rc4Key), payload.subarray(8)))
  expect(blob.indexOf('MZ')).toBe(blobLayout.libraryAt)
  expect(blob.toString('latin1', blobLayout.userDataAt, blobLayout.userDataAt + 9)).toBe('1200 2400')
  expect(blob.indexOf(0, blobLayout.userDataAt)).toBe(blobLayout.userDataAt + 169)
})

test('RC4 is RC4', () => {
  const text = (hex: string) => Buffer.from(hex, 'hex')
  // The vectors everyone quotes.
  expect(Buffer.from(rc4(Buffer.from('Key'), Buffer.from('Plaintext')))).toEqual(text('bbf316e8d940af0ad3'))
  expect(Buffer.from(rc4(Buffer.from('Wiki'), Buffer.from('pedia')))).toEqual(text('1021bf0420'))
})

test('.main_storage has 56 bytes: an identifier, twelve zeros, a time', () => {
  const decoded = Buffer.from(mainStorage().map((byte) => byte ^ 0x7a))
  expect(decoded.length).toBe(56)
  expect(decoded.toString('latin1', 0, 36)).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  expect(decoded.subarray(36, 48).every((byte) => byte === 0)).toBe(true)
  expect(decoded.readBigUInt64LE(48)).toBe(1_680_098_400n)
})

test('the command writes an image, its answer key, and its indicators when asked', () => {
  const dir = join(scratch, 'Command Line')
  const indicators = join(scratch, 'command-line.indicators.json')
  const { exit, stdout, stderr } = run('windows', dir, '--json', '--indicators', indicators)
  expect(exit).toBe(0)
  expect(JSON.parse(stdout)).toContainEqual(
    expect.objectContaining({
      path: 'Users/alice/AppData/Local/Programs/3CXDesktopApp/app/manifest',
      verdict: 'suspicious',
      matched_by: ['path'],
    }),
  )
  expect(stderr).toContain(indicators)
  expect(loadSets([indicators])[0]?.id).toBe('command-line.indicators')
})

test('the command refuses a directory in use, unless forced, and keeps what is in it', () => {
  const dir = join(scratch, 'used')
  mkdirSync(dir)
  writeFileSync(join(dir, 'mine'), '')
  expect(run('linux', dir)).toMatchObject({ exit: 2, stderr: expect.stringContaining('is not empty') })
  expect(readdirSync(dir)).toEqual(['mine'])
  expect(run('linux', dir, '--force').exit).toBe(0)
  expect(readdirSync(dir)).toContain('mine')
})

test('nothing is written beside an image unasked', () => {
  const alone = join(scratch, 'alone')
  mkdirSync(alone)
  expect(run('darwin', join(alone, 'image'), '--clean')).toMatchObject({ exit: 0, stdout: '' })
  expect(run('darwin', join(alone, 'compromised')).exit).toBe(0)
  expect(readdirSync(alone).sort()).toEqual(['compromised', 'image'])
})

test.each(platforms)(
  'the set that ships for the synthetic %s image is fresh (node scripts/write-sample-sets.ts)',
  (platform) => {
    const shipped = loadBundledSets().find((set) => set.id === `sample-image/${platform}`)
    const { indicators } = sampleIndicators(platform)
    expect(shipped?.indicators.map(({ id, set, ...rest }) => rest)).toEqual(indicators)
  },
)

test.each([
  [[], 'platform is missing'],
  [['solaris', 'x'], 'platform is "solaris"'],
  [['linux'], 'DIR is missing'],
  [['linux', 'x', 'y'], 'unexpected argument "y"'],
  [['linux', 'x', '--wrong'], '--wrong'],
  [['linux', 'x', '--clean', '--indicators', 'y.json'], 'published attack'],
  [['linux', 'x', '--indicators', 'x/y.json'], 'outside the image'],
  [['linux', 'x', '--indicators', 'X.json'], 'lower-case'],
])('the command explains a wrong command line: %j', (args, message) => {
  expect(run(...args)).toMatchObject({ exit: 2, stdout: '', stderr: expect.stringContaining(message) })
})

test('the command reports a directory that cannot be written', () => {
  const file = join(scratch, 'a-file')
  writeFileSync(file, '')
  expect(run('linux', join(file, 'below')).exit).toBe(7)
})

test('the command has a help text', () => {
  expect(run('--help')).toMatchObject({ exit: 0, stdout: expect.stringContaining('Usage:') })
})
