/**
 * What the fuzzers begin with: small well-formed files of every format that is read.
 */
import { cabinet } from '../support/cab-builder.ts'
import { compoundFile } from '../support/cfb-builder.ts'
import { diskImage } from '../support/dmg-builder.ts'
import { hfsVolume } from '../support/hfs-builder.ts'
import { hive } from '../support/hive-builder.ts'
import { below, merged } from '../support/hive-keys.ts'
import { dmg, msi } from '../support/image/package-file.ts'
import type { PlannedFile } from '../support/image/planned-file.ts'
import { plannedFiles } from '../support/image/plant.ts'
import { noise } from '../support/noise.ts'
import { zipArchive } from '../support/zip-builder.ts'

const text = new TextEncoder().encode('three copies of this, '.repeat(40))
const files = [
  { name: 'app/ffmpeg.dll', content: noise('seed', 700) },
  { name: 'readme.txt', content: text },
]

/** Seeds of each Rust target. */
export const nativeSeeds: Readonly<Record<string, readonly Uint8Array[]>> = {
  lanes: [noise('lanes', 97), noise('more lanes', 289)],
  zip: [
    zipArchive(files),
    zipArchive(
      files.map((one) => ({ ...one, isStored: true })),
      'comment',
    ),
  ],
  cabinet: (['stored', 'mszip', 'lzx'] as const).map((packing) => cabinet(files, packing)),
  compound_file: [msi('seed'), compoundFile(new Map([['one', text]]))],
  disk_image: [
    dmg('seed'),
    ...(['raw', 'zlib', 'adc'] as const).map((packing) =>
      diskImage(hfsVolume([{ path: 'readme.txt', content: text }]), packing, 8),
    ),
  ],
  hive: (['lf', 'lh', 'li', 'ri'] as const).map((list) =>
    hive(
      merged(
        below('Microsoft\\Windows\\Uninstall', {
          app: { values: { DisplayName: '3CX Desktop App', DisplayVersion: '18.12.416', Size: 7 } },
        }),
        below('Other\\Key', { one: { values: { Long: noise('long', 20_000), List: ['a', 'b'] } } }),
      ),
      { list },
    ),
  ),
}

/** Files of the attack in every form, with the paths under which decoders want them. */
export function decoderSeeds(): readonly PlannedFile[] {
  const platforms = ['windows', 'darwin', 'linux'] as const
  const all = platforms.flatMap((platform) => [
    ...plannedFiles(platform, 'compromised'),
    ...plannedFiles(platform, 'variant'),
  ])
  return all.filter(({ reasons, bytes }) => reasons.length > 0 && bytes.length < 400_000)
}
