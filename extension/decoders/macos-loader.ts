/**
 * Decoders of the loader in the trojanised libffmpeg.dylib. What they show of it: macos-loader-traits.ts, loaded with the
 * first such file.
 */
import type { BoundedFile } from './bounded-file.ts'
import { hexText } from './bytes.ts'
import { type Decoder, defineDecoder, type FileHints } from './decoder.ts'
import { texts } from './macos-loader-texts.ts'

const publishedKey = 0x7a

/** For files that carry the name of the library: read whole, so that no key and no renaming inside hides the loader. */
export const macosLoader = defineDecoder({
  name: 'macos_loader',
  description: 'Texts under a one-byte key, and imports, of the loader in a libffmpeg.dylib.',
  wants: ({ kind, filename }) => kind === 'macho' && isNamedLikeLibrary(filename),
  decode: read,
})

/** For all other Mach-O files: opened only when a text of the published build occurs in them, plain or under its key. */
export const macosLoaderElsewhere: Decoder = defineDecoder({
  name: 'macos_loader_elsewhere',
  description: 'The same loader in a Mach-O file of any other name.',
  wants: ({ kind, filename }) => kind === 'macho' && !isNamedLikeLibrary(filename),
  patterns: [
    ...[...texts.cookie, ...texts.support_folder].map((text) => hex(text, publishedKey)),
    ...texts.files.map((text) => hex(text, 0)),
  ],
  decode: read,
})

function isNamedLikeLibrary(filename: string): boolean {
  return /ffmpeg/i.test(filename)
}

function hex(text: string, key: number): string {
  return hexText(Uint8Array.from(text, (letter) => letter.charCodeAt(0) ^ key))
}

async function read(file: BoundedFile, hints: FileHints) {
  return await (await import('./macos-loader-traits.ts')).readLoader(file, hints)
}
