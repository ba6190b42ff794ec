/**
 * Installers and packages around what they carry: real containers, with noise as their content unless told.
 *
 * Nothing is packed: what deflate makes of bytes depends on its build, and the digests of these files are published.
 */
import { cabinet } from '../cab-builder.ts'
import { installer } from '../cfb-builder.ts'
import { diskImage } from '../dmg-builder.ts'
import { hfsVolume } from '../hfs-builder.ts'
import { noise } from '../noise.ts'
import { zipArchive } from '../zip-builder.ts'

/** Files to carry, by path. */
export type Carried = Readonly<Record<string, Uint8Array>>

/** A Windows installer with one cabinet, in which files go by keys. */
export function msi(seed: string, carried: Carried = { 'resources/app.asar': noise(`msi ${seed}`, 6000) }): Uint8Array {
  const files = Object.entries(carried)
  const packed = cabinet(
    files.map(([, content], i) => ({ name: `file${i}`, content })),
    'stored',
  )
  const names = files.map(([path], i): [string, string] => [`file${i}`, path.split('/').at(-1) ?? path])
  return installer({ cabinets: new Map([['app.cab', packed]]), files: new Map(names) })
}

/** A zip archive; Squirrel's `.nupkg` is one. */
export function zip(
  seed: string,
  carried: Carried = { 'lib/net45/resources/app.asar': noise(`zip ${seed}`, 5000) },
): Uint8Array {
  return zipArchive(Object.entries(carried).map(([name, content]) => ({ name, content, isStored: true })))
}

/** A disk image with an HFS+ volume. */
export function dmg(
  seed: string,
  carried: Carried = { '3CX Desktop App.app/Contents/Resources/app.asar': noise(`dmg ${seed}`, 6000) },
): Uint8Array {
  return diskImage(hfsVolume(Object.entries(carried).map(([path, content]) => ({ path, content }))), 'raw')
}
