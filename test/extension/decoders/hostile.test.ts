/**
 * Every decoder against files that were made to hurt: whatever is cut, flipped or inflated, the answer comes, it is a
 * value, and it costs no more than the budget.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { defaultBudget } from '../../../extension/decoders/bounded-file.ts'
import { decodeProduct } from '../../../extension/decoders/product.ts'
import { headLength } from '../../../extension/domain/file-kind.ts'
import { join, patched } from '../../support/byte-writer.ts'
import { cpus, machO, universal } from '../../support/macho-builder.ts'
import { memoryFile } from '../../support/memory-file.ts'
import { peImage } from '../../support/pe-builder.ts'
import { binaryPlist, xmlPlist } from '../../support/plist-builder.ts'
import { signature } from '../../support/signature-builder.ts'

const strings = { FileVersion: '18.12.416', OriginalFilename: '3CXDesktopApp.exe', ProductName: '3CX Desktop App' }
const info = { CFBundleIdentifier: 'com.electron.3cx-desktop-app', CFBundleShortVersionString: '18.12.416' }
const certificate = { signature: signature({ commonName: '3CX Ltd', serial: '1B66' }), stuffing: new Uint8Array(20) }
const tool = machO({ infoPlist: join(xmlPlist(info)), uuid: new Uint8Array(16), signature: { identifier: 'tool' } })

const seeds: Readonly<Record<string, readonly [filename: string, bytes: Uint8Array]>> = {
  'PE32+ program': ['a.exe', peImage({ version: { fixed: [18, 12, 416, 0], strings }, certificate })],
  'PE32 library': ['a.dll', peImage({ isPe32Plus: false, isDll: true, version: { strings }, certificate })],
  'thin Mach-O': ['tool', tool],
  'universal Mach-O': [
    'tool',
    universal([
      { cpu: cpus.x86_64, image: tool },
      { cpu: cpus.arm64, image: tool },
    ]),
  ],
  'XML property list': ['Info.plist', join(xmlPlist(info))],
  'binary property list': ['Info.plist', binaryPlist(info)],
}

/** Numbers that break parsers, as bytes. */
const poison = fc.constantFrom(
  ...[
    '00',
    'ff',
    '7f',
    '80',
    'ffff',
    '00000000',
    'ffffffff',
    'ffffff7f',
    '7fffffff',
    '00000080',
    '80000000',
    '01000000',
    'ffffffffffffffff',
    '0000000000000000',
  ].map((digits) => Uint8Array.from(Buffer.from(digits, 'hex'))),
)

/** Decodes, and checks what holds for every file. */
async function check(filename: string, bytes: Uint8Array, size = bytes.length) {
  const file = memoryFile(bytes, size)
  const product = await decodeProduct(file, { filename, head: bytes.subarray(0, headLength) })
  expect(file.bytesRead).toBeLessThanOrEqual(defaultBudget.maxBytes)
  expect(file.reads).toBeLessThanOrEqual(defaultBudget.maxReads)
  expect(JSON.stringify(product ?? null).length).toBeLessThan(8192)
}

describe.each(Object.entries(seeds))('%s', (_, [filename, bytes]) => {
  // Structures sit at the start and at the end; the zeros between are of no interest.
  const interesting = Array.from(bytes.keys()).filter((at) => bytes[at] !== 0)
  const places = fc.oneof(fc.constantFrom(...interesting), fc.nat(bytes.length - 1))

  test('survives poisoned numbers anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(places, poison), { minLength: 1, maxLength: 6 }), (edits) =>
        check(
          filename,
          edits.reduce((file, [at, with_]) => patched(file, at, with_), bytes),
        ),
      ),
      { numRuns: 3000 },
    )
  })

  test('survives random bytes anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(places, fc.uint8Array({ minLength: 1, maxLength: 8 })), { maxLength: 12 }),
        (edits) =>
          check(
            filename,
            edits.reduce((file, [at, with_]) => patched(file, at, with_), bytes),
          ),
      ),
      { numRuns: 1500 },
    )
  })

  test('survives being cut anywhere, before and after it was opened', async () => {
    const cuts = [...interesting, ...Array.from({ length: 64 }, (_, i) => i)]
    for (const length of cuts) {
      await check(filename, bytes.subarray(0, length))
      await check(filename, bytes.subarray(0, length), bytes.length)
    }
  })

  test('survives each of its bytes being 0xff', async () => {
    for (const at of interesting) await check(filename, patched(bytes, at, Uint8Array.of(0xff)))
  })
})

test('noise behind every magic is survived', async () => {
  const magics = [
    '4d5a',
    'cafebabe',
    'cafebabf',
    'cffaedfe',
    'cefaedfe',
    'feedface',
    'feedfacf',
    '62706c6973743030',
    '3c',
  ]
  const heads = fc.constantFrom(...magics).map((digits) => Uint8Array.from(Buffer.from(digits, 'hex')))
  await fc.assert(
    fc.asyncProperty(heads, fc.uint8Array({ maxLength: 2000 }), (head, tail) => check('Info.plist', join(head, tail))),
    { numRuns: 3000 },
  )
})
