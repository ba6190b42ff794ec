/**
 * Looking into containers through the engines, on small real ones made by code.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join as joinPath } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Contents, ContentsRequest, ScanEngine } from '../../../extension/native/engine.ts'
import { loadNative } from '../../../extension/native/native.ts'
import { portableEngine } from '../../../extension/native/portable/index.ts'
import { join, le, patched, zeros } from '../../support/byte-writer.ts'
import { cabinet } from '../../support/cab-builder.ts'
import { compoundFile, installer } from '../../support/cfb-builder.ts'
import { diskImage, imageOf } from '../../support/dmg-builder.ts'
import { hfsVolume } from '../../support/hfs-builder.ts'
import { HostileTree } from '../../support/hostile-tree.ts'
import { dmg, msi, zip } from '../../support/image/package-file.ts'
import { noise } from '../../support/noise.ts'
import { peImage } from '../../support/pe-builder.ts'
import { zipArchive } from '../../support/zip-builder.ts'

const loaded = loadNative()
const library = peImage({ isDll: true, text: noise('library', 90_000) })
const notes = new TextEncoder().encode('readme '.repeat(7000))
const carried = { 'app/ffmpeg.dll': library, 'app/readme.txt': notes }

describe.skipIf('problem' in loaded)('what is inside a container', () => {
  const engine = loaded as ScanEngine

  async function look(file: Uint8Array, request: Partial<ContentsRequest> = {}): Promise<Contents> {
    const found = await ask(engine, file, request)
    if ('problem' in found) throw new Error(found.problem)
    return found
  }

  async function refusal(file: Uint8Array): Promise<string> {
    const found = await ask(engine, file)
    return 'problem' in found ? found.problem : `none: ${found.members.length} members`
  }

  it.each([
    ['zip', zip('a', carried), 'app/ffmpeg.dll'],
    ['msi', msi('a', carried), 'app.cab/ffmpeg.dll'],
    ['dmg', dmg('a', carried), 'app/ffmpeg.dll'],
    ['cab', cabinet([{ name: 'app\\ffmpeg.dll', content: library }]), 'app/ffmpeg.dll'],
  ])('is named, measured and digested in %s', async (format, file, path) => {
    const found = await look(file)
    expect(found).toMatchObject({ format, truncated: false, problems: [] })
    const member = found.members.find((one) => one.path === path)
    expect(member).toEqual({ path, size: library.length, sha256: sha256(library), head: library.slice(0, 16) })
  })

  it.each(['stored', 'mszip', 'lzx'] as const)('is unpacked from a cabinet packed by %s', async (packing) => {
    const files = [library, zeros(0), notes, noise('odd', 33_333)].map((content, i) => ({ name: `f${i}`, content }))
    const { members } = await look(cabinet(files, packing))
    const digests = new Map(members.map((member) => [member.path, member.sha256]))
    expect(digests).toEqual(new Map(files.map(({ name, content }) => [name, sha256(content)])))
  })

  it.each(['raw', 'zlib', 'adc'] as const)('is unpacked from a disk image packed by %s', async (packing) => {
    const content = noise('scattered', 20_000)
    const files = [
      { path: 'A.app/lib', content: library },
      { path: 'A.app/x', content, isScattered: true },
    ]
    const { members, problems } = await look(diskImage(hfsVolume(files), packing))
    expect(problems).toEqual([])
    expect(members.map(({ path, sha256 }) => [path, sha256])).toEqual([
      ['A.app/lib', sha256(library)],
      ['A.app/x', sha256(content)],
    ])
  })

  it('gives the bytes of wanted members, by name and head, and of no others', async () => {
    const wanted = [{ pattern: '**/FFMPEG.dll', magics: ['7f454c46', '4d5a'] }, { pattern: '*.txt' }]
    const { members } = await look(msi('w', { ...carried, 'app/d3dcompiler_47.dll': library }), { wanted })
    const kept = members.filter((member) => member.bytes !== undefined)
    expect(kept.map((member) => member.path)).toEqual(['app.cab/ffmpeg.dll'])
    expect(Buffer.from(kept[0]?.bytes ?? []).equals(library)).toBe(true)
    const other = await look(zip('w', carried), { wanted: [{ pattern: '**/ffmpeg.dll', magics: ['cafebabe'] }] })
    expect(other.members.filter((member) => member.bytes !== undefined)).toEqual([])
  })

  it('gives the bytes of a wanted member that is shorter than a head', async () => {
    const { members } = await look(zip('s', { tiny: Uint8Array.of(1, 2) }), { wanted: [{ pattern: '**' }] })
    expect(members[0]).toMatchObject({ head: Uint8Array.of(1, 2) })
    expect(Buffer.from(members[0]?.bytes ?? []).toString('hex')).toBe('0102')
  })

  it('opens an installer in an archive and the cabinet in that, and not an archive in an archive', async () => {
    const stored = (name: string, content: Uint8Array) => ({ name, content, isStored: true })
    const nested = zipArchive([stored('setup.msi', msi('n', carried)), stored('inner.zip', zip('n', carried))])
    const paths = (await look(nested)).members.map((member) => member.path)
    expect(paths).toContain('setup.msi/app.cab/ffmpeg.dll')
    expect(paths).toContain('inner.zip')
    expect(paths.filter((path) => path.startsWith('inner.zip/'))).toEqual([])
  })

  it('opens a package in the volume of a disk image', async () => {
    const { members } = await look(dmg('p', { 'A.app/update.nupkg': zip('p', carried) }))
    expect(members.map((member) => member.path)).toContain('A.app/update.nupkg/app/ffmpeg.dll')
  })

  it('says what is nested too deep', async () => {
    const wrap = (name: string, content: Uint8Array) => compoundFile(new Map([[name, content]]))
    const { members, problems } = await look(wrap('1', wrap('2', wrap('3', wrap('4', notes)))))
    expect(members.map((member) => member.path)).toEqual(['1', '1/2', '1/2/3'])
    expect(problems).toEqual(['1/2/3: is a container (ole) nested too deep; it was not opened'])
  })

  it('leaves names as they are: leading up, absolute, or no text', async () => {
    const names = ['../../etc/passwd', '/etc/passwd', Uint8Array.of(0x61, 0xff), 'C:\\x']
    const { members } = await look(zipArchive(names.map((name) => ({ name, content: notes }))))
    expect(members.map((member) => member.path)).toEqual(['../../etc/passwd', '/etc/passwd', 'a\\xff', 'C:\\x'])
  })

  it('keeps to the limits and says so', async () => {
    const file = zip('l', { a: library, b: library, c: library })
    const few = await look(file, { limits: { members: 2 } })
    expect(few).toMatchObject({ truncated: true, members: [{ path: 'a' }, { path: 'b' }] })
    const short = await look(file, { limits: { totalBytes: 100_000 } })
    expect(short.truncated).toBe(true)
    expect(short.members.map((member) => member.sha256 !== undefined)).toEqual([true, false])
    const long = await look(file, { limits: { memberBytes: 1000 } })
    expect(long.truncated).toBe(false)
    expect(long.members.map(({ size, sha256 }) => ({ size, sha256 }))).toEqual(
      Array(3).fill({ size: library.length, sha256: undefined }),
    )
    const wanted = [{ pattern: '**' }]
    const little = await look(file, { wanted, limits: { wantedBytes: 1000 } })
    expect(little.members.map((member) => member.bytes)).toEqual([undefined, undefined, undefined])
    expect(little.members.every((member) => member.sha256 === sha256(library))).toBe(true)
    const all = await look(file, { wanted, limits: { wantedTotalBytes: library.length * 2 } })
    expect(all.members.map((member) => member.bytes !== undefined)).toEqual([true, true, false])
  })

  it('stops at a time limit with what it has', async () => {
    const found = await ask(engine, zip('t', carried), { fileTimeoutMs: 0 })
    expect(found).toMatchObject({ truncated: true, members: [] })
    expect('problem' in found ? [] : found.problems.join()).toMatch(/took longer/)
  })

  it('stops a bomb by what it unpacks to for its size', async () => {
    const bomb = zipArchive([{ name: 'bomb', content: zeros(80 << 20) }])
    expect(bomb.length).toBeLessThan(100_000)
    const found = await look(bomb)
    expect(found).toMatchObject({ truncated: true, members: [{ path: 'bomb', size: 80 << 20 }] })
    expect(found.members[0]?.sha256).toBeUndefined()
    expect(found.problems.join()).toMatch(/unpacks to more bytes than allowed/)
  })

  it.each([
    ['is encrypted', { isEncrypted: true }],
    ['method 14', { method: 14 }],
    ['unpacks to 49000 bytes, expected 5', { claims: { size: 5 } }],
    ['another CRC-32', { claims: { crc32: 1 } }],
  ])('has no digest where a member of an archive %s', async (problem, lie) => {
    const found = await look(
      zipArchive([
        { name: 'bad', content: notes, ...lie },
        { name: 'good', content: library },
      ]),
    )
    expect(found.members.map((member) => member.sha256)).toEqual([undefined, sha256(library)])
    expect(found.problems.join()).toContain(problem)
  })

  it('is found although files of a cabinet overlap, lie outside or continue elsewhere', async () => {
    const content = library
    const file = cabinet([
      { name: 'good', content },
      { name: 'overlapping', content, claims: { at: 5 } },
      { name: 'outside', content, claims: { at: 1 << 30 } },
      { name: 'huge', content, claims: { at: content.length, size: 0xffff_ffff } },
      { name: 'elsewhere', content, claims: { folder: 0xfffe } },
      { name: 'nowhere', content, claims: { folder: 7 } },
    ])
    const found = await look(file)
    expect(found.members.filter((member) => member.sha256 !== undefined)).toMatchObject([{ path: 'good' }])
    expect(found.members.length).toBe(6)
    expect(found.problems.length).toBe(5)
  })

  it('says which packing of a cabinet is not opened', async () => {
    const found = await look(cabinet([{ name: 'q', content: notes }], 2))
    expect(found.problems).toEqual(['q: is packed by method 2, which is not opened'])
  })

  it('goes by keys where the names of an installer are damaged', async () => {
    const cabinets = new Map([['app.cab', cabinet([{ name: 'file0', content: library }])]])
    const bytes = installer({ cabinets, files: new Map([['file0', 'ffmpeg.dll']]) })
    const at = Buffer.from(bytes).indexOf('FileName')
    const found = await look(patched(bytes, at, join('X')))
    expect(found.members.map((member) => member.path)).toContain('app.cab/file0')
    expect(found.problems).toEqual([expect.stringMatching(/names of its files are unknown/)])
  })

  it('ends where sectors of a compound file go round in a circle', async () => {
    const bytes = compoundFile(new Map([['loop', library]]))
    const fatAt = bytes.length - 1024
    const view = Buffer.from(bytes)
    const fat = Array.from({ length: 256 }, (_, i) => view.readUInt32LE(fatAt + 4 * i))
    expect(fat[0]).toBe(1)
    // Sector 1 leads back to sector 0: the stream would never end, but its size does.
    const found = await look(patched(bytes, fatAt + 4, le(0, 4)))
    expect(found.members.map((member) => member.size)).toEqual([library.length])
    expect(found.members[0]?.sha256).not.toBe(sha256(library))
  })

  it('says which volumes and blocks of a disk image are not opened', async () => {
    const apfs = join(zeros(32), 'NXSB', zeros(4060))
    expect((await look(diskImage(apfs))).problems.join()).toMatch(/an APFS volume, which is not opened/)
    const volume = hfsVolume([{ path: 'a', content: library }])
    expect((await look(diskImage(volume, 0x8000_0007))).problems.join()).toMatch(/packed by LZFSE are not unpacked/)
    expect((await look(diskImage(volume, 0x8000_0008))).problems.join()).toMatch(/packed by LZMA are not unpacked/)
    expect(await refusal(join('encrcdsa', zeros(2000)))).toMatch(/is encrypted/)
  })

  it('lists a file that the file system packed, without a digest', async () => {
    const found = await look(diskImage(hfsVolume([{ path: 'a', content: zeros(0), isCompressed: true }])))
    expect(found.members).toEqual([{ path: 'a', size: 0, head: new Uint8Array() }])
    expect(found.problems).toEqual(['a: is packed by the file system, which is not unpacked'])
  })

  it('refuses sizes that no file has', async () => {
    const claims = { size: 2 ** 40, blocks: 0xffff_ffff }
    const volume = hfsVolume([{ path: 'giant', content: library, claims }])
    expect((await look(diskImage(volume))).members).toMatchObject([{ path: 'giant', size: 2 ** 40 }])
    const giant = { packing: 0, sector: volume.length / 512, count: 2n ** 60n, at: 0, length: 0 }
    const raw = { packing: 1, sector: 0, count: volume.length / 512, at: 0, length: volume.length }
    const found = await look(imageOf(volume, [raw, giant], 2 ** 40))
    expect(found.problems.join()).toMatch(/has \d+ bytes, more than 536870912/)
    const block = { packing: 0x8000_0005, sector: 0, count: 2n ** 40n, at: 0, length: volume.length }
    expect((await look(imageOf(volume, [block], 2 ** 40))).problems.join()).toMatch(
      /more than 8388608, is not unpacked/,
    )
  })

  it('is refused in words where the file is no container, empty, gone or a link', async () => {
    expect(await refusal(library)).toBe('is no container of a known kind')
    expect(await refusal(zeros(0))).toBe('is no container of a known kind')
    const tree = newTree()
    writeFileSync(joinPath(tree.root, 'real'), zip('r', carried))
    symlinkSync('real', joinPath(tree.root, 'link'))
    mkdirSync(joinPath(tree.root, 'folder'))
    for (const [path, problem] of [
      ['link', /symbolic link/],
      ['gone', /No such file/],
      ['folder', /not a regular file/],
      ['../real', /not a path below the root/],
    ] as const) {
      const found = await engine.contents([tree.root], { root: 0, path }, request(), never())
      expect('problem' in found ? found.problem : '').toMatch(problem)
    }
    await expect(
      engine.contents([joinPath(tree.root, 'none')], { root: 0, path: '' }, request(), never()),
    ).rejects.toThrow(/cannot open the root/)
  })

  it('rejects when aborted, before and while reading', async () => {
    const tree = newTree()
    writeFileSync(joinPath(tree.root, 'a'), zip('a', { big: zeros(60 << 20) }))
    const reason = new Error('enough')
    const file = { root: 0, path: 'a' }
    await expect(engine.contents([tree.root], file, request(), AbortSignal.abort(reason))).rejects.toBe(reason)
    const controller = new AbortController()
    // The pace would make it take minutes.
    const pace = { idle: false, cpuShare: 0.001 }
    const reading = engine.contents([tree.root], file, request({ pace }), controller.signal)
    controller.abort(reason)
    await expect(reading).rejects.toBe(reason)
  })

  it('writes nothing anywhere', async () => {
    const tree = newTree()
    writeFileSync(joinPath(tree.root, 'a'), zipArchive([{ name: '../escaped', content: notes }]))
    await engine.contents([tree.root], { root: 0, path: 'a' }, request({ wanted: [{ pattern: '**' }] }), never())
    expect(existsSync(joinPath(tree.root, '../escaped'))).toBe(false)
  })
})

describe('the portable engine', () => {
  it('says that it opens no installers', async () => {
    expect(await ask(portableEngine(), zip('a'))).toEqual({ problem: 'the portable engine opens no installers' })
  })
})

async function ask(engine: ScanEngine, file: Uint8Array, partial: Partial<ContentsRequest> = {}) {
  const tree = newTree()
  writeFileSync(joinPath(tree.root, 'file'), file)
  return engine.contents([tree.root], { root: 0, path: 'file' }, request(partial), never())
}

function request(partial: Partial<ContentsRequest> = {}): ContentsRequest {
  return { wanted: [], fileTimeoutMs: 60_000, ...partial }
}

function never(): AbortSignal {
  return new AbortController().signal
}

function newTree(): HostileTree {
  const tree = new HostileTree()
  onTestFinished(() => tree.remove())
  return tree
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
