/** `threecx decode`: the planted fields come out, and nothing else does, whatever is cut off. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { errorCodes } from '../../extension/domain/errors.ts'
import { carrierPayload, rc4Key, smallLayout } from '../support/carrier-payload.ts'
import { threecx } from '../support/command.ts'
import { icon, trailer } from '../support/icon-builder.ts'
import { shaderCompiler } from '../support/image/windows-app.ts'
import { mainStorageFile, trojanisedLibrary, xored } from '../support/macos-malware-shapes.ts'
import { peImage, wideStrings } from '../support/pe-builder.ts'

const c2 = 'https://msedgepackageinfo.com/microsoft-edge'
let directory: string

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-decode-'))
})
afterAll(() => rmSync(directory, { recursive: true }))

function written(name: string, bytes: Uint8Array): string {
  const path = join(directory, name)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, bytes)
  return path
}

async function decoded(...paths: string[]) {
  const ended = await threecx(join(directory, 'state'), ['decode', ...paths])
  const lines = ended.stdout.split('\n').filter(Boolean)
  return { ...ended, payloads: lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

const keys = [
  ...['path', 'kind', 'offset', 'length', 'sha256', 'authenticated'],
  ...['urls', 'fields', 'parts', 'next_run', 'member'],
]

describe('decode', () => {
  it('prints the address behind an icon, for any seed', async () => {
    const path = written('icon13.ico', icon(trailer({ text: c2, seed: 0xdead_beef })))
    const { exit, payloads } = await decoded(path)
    expect(exit).toBe(1)
    expect(Object.keys(payloads[0] ?? {})).toEqual(keys)
    expect(payloads).toMatchObject([{ path, kind: 'icon_trailer', authenticated: 1, urls: [c2], next_run: null }])
  })

  it('prints no address when the tag does not verify', async () => {
    const { payloads } = await decoded(written('bad.ico', icon(trailer({ text: c2, key: new Uint8Array(32) }))))
    expect(payloads).toMatchObject([{ kind: 'icon_trailer', authenticated: 0, urls: [] }])
  })

  it('takes the payload behind a signature apart', async () => {
    const path = written('d3dcompiler_47.dll', shaderCompiler('decode', carrierPayload()))
    const { exit, payloads, stderr } = await decoded(path)
    expect(exit).toBe(1)
    expect(payloads).toMatchObject([
      { kind: 'carrier_payload', length: 0x43b08, authenticated: null, fields: { export: 'DllGetClassObject' } },
    ])
    const named = ['library', 'user_data'].map((name) => expect.objectContaining({ name }))
    expect(payloads[0]?.['parts']).toEqual(expect.arrayContaining(named))
    expect(stderr).toContain('carrier_payload')
  })

  it('finds the key of a re-encrypted payload in the loader beside it', async () => {
    const key = 'none that was published'
    const strings = wideStrings('AVMonitorRefreshEvent', 'd3dcompiler_47.dll')
    written('app/ffmpeg.dll', peImage({ isDll: true, data: Buffer.concat([strings, Buffer.from(`${key}\0`)]) }))
    const carrier = shaderCompiler('re-encrypted', carrierPayload({ key, layout: smallLayout }))
    const beside = await decoded(written('app/d3dcompiler_47.dll', carrier))
    expect(beside.payloads).toMatchObject([{ kind: 'carrier_payload', fields: { key } }])
    const alone = await decoded(written('alone/d3dcompiler_47.dll', carrier))
    expect(alone.payloads).toMatchObject([{ kind: 'certificate_padding' }])
    expect(alone.stderr).toContain('carrier_key_variant')
  })

  it('prints victim id and next run', async () => {
    const { payloads } = await decoded(written('.main_storage', mainStorageFile({ nextRun: 1_680_098_400n })))
    const fields = { victim_id: 'b7c3e1a0-5d2f-4c6b-9e18-3f0a7d94c251' }
    expect(payloads).toMatchObject([{ kind: 'main_storage', next_run: 1_680_098_400, fields }])
  })

  it('prints the strings of the macOS loader with their addresses', async () => {
    const { payloads } = await decoded(written('libffmpeg.dylib', trojanisedLibrary()))
    expect(payloads[0]).toMatchObject({ kind: 'xor_strings', fields: { key: '0x7a' } })
    expect(payloads.flatMap((one) => one['urls'])).toContain('https://zacharryblogs.com/feed')
  })

  it('prints the configuration of POOLRAT', async () => {
    const { payloads } = await decoded(written('apdl.cf', xored(Buffer.from('host=203.0.113.7;port=443'), 0x5e)))
    expect(payloads).toMatchObject([{ kind: 'poolrat_config', fields: { text: 'host=203.0.113.7;port=443' } }])
  })

  it('says nothing of an ordinary file, exit code 0', async () => {
    const paths = [
      written('notes.txt', Buffer.from('3CX\n')),
      written('clean.dll', shaderCompiler('clean')),
      written('a.ico', icon()),
    ]
    expect(await decoded(...paths)).toMatchObject({ exit: 0, stdout: '', stderr: '' })
  })

  it('refuses what it cannot read, with the path and why, and goes on with the others', async () => {
    const fifo = join(directory, 'fifo')
    execFileSync('mkfifo', [fifo])
    symlinkSync('.main_storage', join(directory, 'link'))
    const good = written('.main_storage', mainStorageFile())
    const { payloads, stderr, exit } = await decoded(join(directory, 'missing'), fifo, directory, good)
    expect(payloads.length).toBe(1)
    expect(exit).toBe(1)
    for (const name of ['missing', 'fifo']) expect(stderr).toMatch(new RegExp(`${name}: cannot be read: .+`))
    expect((await decoded(join(directory, 'missing'))).exit).toBe(errorCodes.decode_refused.exit)
    expect((await threecx(join(directory, 'state'), ['decode'])).exit).toBe(errorCodes.usage.exit)
  })

  const shapes: Readonly<Record<string, readonly [string, Uint8Array]>> = {
    'an icon': ['icon1.ico', icon(trailer({ text: c2 }))],
    'a victim record': ['.main_storage', mainStorageFile()],
    'a carrier': ['d3dcompiler_47.dll', shaderCompiler('cut', carrierPayload({ layout: smallLayout, key: rc4Key }))],
    'a macOS library': ['libffmpeg.dylib', trojanisedLibrary()],
  }

  it.each(Object.entries(shapes))(
    'cut at any length, %s gives no address and no payload that is not there',
    async (name, [file, whole]) => {
      const step = Math.max(1, Math.floor(whole.length / 300))
      const lengths = Array.from({ length: Math.ceil(whole.length / step) }, (_, at) => at * step)
      const paths = lengths.map((length) => written(`cut ${name}/${length}/${file}`, whole.subarray(0, length)))
      const { payloads, exit, stderr } = await decoded(...paths)
      expect([0, 1, errorCodes.decode_refused.exit]).toContain(exit)
      expect(stderr).not.toMatch(/\bat .*\.ts:\d+|TypeError|RangeError/)
      for (const payload of payloads) expect(payload).not.toMatchObject({ authenticated: 1 })
      expect(payloads.filter((one) => one['kind'] === 'carrier_payload' || one['kind'] === 'main_storage')).toEqual([])
    },
  )

  it('writes nothing but its answer', () => {
    const state = join(directory, 'state')
    const files = readdirSync(state, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    const decoded = [Buffer.from(c2, 'utf16le'), Buffer.from('b7c3e1a0-5d2f-4c6b-9e18-3f0a7d94c251')]
    for (const { parentPath, name } of files) {
      const bytes = readFileSync(join(parentPath, name))
      expect(
        decoded.filter((one) => bytes.includes(one)),
        name,
      ).toEqual([])
    }
  })
})
