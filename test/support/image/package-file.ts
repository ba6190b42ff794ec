/**
 * Installers and packages by their outside: the right magic around noise.
 */
import { be, field, join } from '../byte-writer.ts'
import { noise } from '../noise.ts'

/** A Windows installer: an OLE compound file. */
export function msi(seed: string): Uint8Array {
  return join(Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1), noise(`msi ${seed}`, 6000))
}

/** A zip archive; Squirrel's `.nupkg` is one. */
export function zip(seed: string): Uint8Array {
  return join('PK\x03\x04', noise(`zip ${seed}`, 5000))
}

/** A disk image: noise with Apple's `koly` trailer. */
export function dmg(seed: string): Uint8Array {
  return join(noise(`dmg ${seed}`, 6000), field(join('koly', be(4, 4), be(512, 4)), 512))
}
