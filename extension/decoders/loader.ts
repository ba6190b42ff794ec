/**
 * Decoder of the loader in the trojanised `ffmpeg.dll`. What it shows of it: loader-traits.ts, loaded with the first file
 * that has any of its byte strings.
 */
import { defineDecoder } from './decoder.ts'
import { loaderPatterns, maxSearched } from './loader-search.ts'

export const loader = defineDecoder({
  name: 'loader',
  description:
    "The loader of the trojanised ffmpeg.dll: its search for the marker, its event's name, its key, its start.",
  wants: ({ kind }) => kind === 'pe',
  files: [{ pattern: '**/ffmpeg.dll', maxSize: maxSearched }],
  patterns: loaderPatterns,
  decode: async (file) => await (await import('./loader-traits.ts')).readLoader(file),
})
