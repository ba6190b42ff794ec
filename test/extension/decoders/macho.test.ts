import { describe, expect, test } from 'vitest'
import { boundedFile } from '../../../extension/decoders/bounded-file.ts'
import { readMachO } from '../../../extension/decoders/macho.ts'
import { be, join, le, patched, zeros } from '../../support/byte-writer.ts'
import { expectGolden } from '../../support/golden.ts'
import { cpus, machO, universal } from '../../support/macho-builder.ts'
import { memoryFile, sparseFile } from '../../support/memory-file.ts'
import { noise } from '../../support/noise.ts'
import { xmlPlist } from '../../support/plist-builder.ts'

const uuid = noise('uuid', 16)
const thin = machO({
  uuid,
  infoPlist: join(xmlPlist({ A: 'b' })),
  signature: { identifier: 'com.example.tool', team: 'ABCDE12345' },
})
const library = (cpu: number) =>
  machO({ cpu, fileType: 'dylib', uuid, signature: { identifier: 'libffmpeg', team: '33CF4654HL' } })
const fat = [
  { cpu: cpus.x86_64, image: library(cpus.x86_64) },
  { cpu: cpus.arm64, image: library(cpus.arm64) },
]

const cases: Readonly<Record<string, Uint8Array>> = {
  'ordinary-thin': thin,
  'ordinary-universal': universal(fat),
  'universal-64-bit-table': universal(fat, true),
  'thin-32-bit-big-endian': machO({
    cpu: cpus.powerpc,
    is64Bit: false,
    isLittleEndian: false,
    uuid,
    infoPlist: join('<plist/>'),
  }),
  'thin-32-bit': machO({ cpu: 7, is64Bit: false, uuid }),
  'thin-64-bit-big-endian': machO({ isLittleEndian: false, uuid, signature: { identifier: 'x' } }),
  'ad-hoc': machO({ signature: { identifier: 'payload2-55554944839216049d683075bc3f5a8628778bb8' } }),
  empty: zeros(0),
  'only-magic': le(0xfeedfacf, 4),
  'java-class': join(be(0xcafebabe, 4), be(52, 4), zeros(100)),
  'slices-0xffffffff': join(be(0xcafebabe, 4), be(0xffffffff, 4), zeros(100)),
  'slices-none': join(be(0xcafebabe, 4), zeros(100)),
  'slice-table-beyond-end': join(be(0xcafebabe, 4), be(30, 4), zeros(100)),
  'slice-beyond-end': patched(universal(fat), 8 + 8, be(0xfffff000, 4)),
  'slice-size-2-to-the-64': patched(universal(fat, true), 8 + 16, be(0xffff_ffff_ffff_ffffn, 8)),
  'slice-is-the-file-itself': patched(universal(fat), 8 + 8, be(0, 4)),
  'slices-overlap': patched(universal(fat), 8 + 20 + 8, be(0x1000, 4)),
  'slice-empty': patched(universal(fat), 8 + 12, be(0, 4)),
  'commands-0xffffffff': patched(thin, 16, le(0xffffffff, 4)),
  'commands-longer-than-file': patched(thin, 20, le(0x3ffff, 4)),
  'command-length-zero': patched(thin, 32 + 4, zeros(4)),
  'command-length-0xffffffff': patched(thin, 32 + 4, le(0xffffffff, 4)),
  'sections-0xffffffff': patched(thin, 32 + 64, le(0xffffffff, 4)),
  'info-plist-beyond-end': patched(thin, 32 + 72 + 80 + 48, le(0xffffff00, 4)),
  'info-plist-size-2-to-the-64': patched(thin, 32 + 72 + 80 + 40, le(0xffff_ffff_ffff_ffffn, 8)),
  'signature-beyond-end': patched(thin, 32 + 72 + 160 + 24 + 8, le(0xffffffff, 4)),
  'signature-blobs-0xffffffff': patched(thin, thin.length - signatureLength() + 8, be(0xffffffff, 4)),
  'signature-directory-beyond-end': patched(thin, thin.length - signatureLength() + 16, be(0x7fffffff, 4)),
}

function signatureLength(): number {
  return 20 + 52 + 'com.example.tool\0ABCDE12345\0'.length
}

async function decode(bytes: Uint8Array) {
  return readMachO(boundedFile(memoryFile(bytes)))
}

describe('Mach-O files read as their golden files say', () => {
  for (const [name, bytes] of Object.entries(cases)) {
    test(name, async () => {
      await expectGolden(`decoders/macho/${name}`, await decode(bytes))
    })
  }
})

test('one damaged slice does not hide the other', async () => {
  const second = fat[1]?.image.length ?? 0
  const file = universal(fat)
  const damaged = patched(file, file.length - Math.ceil(second / 0x1000) * 0x1000, zeros(4))
  const read = await decode(damaged)
  expect(read).toMatchObject({ slices: [{ image: { fileType: 'dylib' } }, { image: { problem: expect.any(String) } }] })
})

test('a universal file of 16 TiB is read in a few kilobytes', async () => {
  const file = sparseFile(universal(fat, true), 2 ** 44)
  expect(await readMachO(boundedFile(file))).toMatchObject({
    slices: [{ cpuType: cpus.x86_64 }, { cpuType: cpus.arm64 }],
  })
  expect(file.bytesRead).toBeLessThan(8192)
})
