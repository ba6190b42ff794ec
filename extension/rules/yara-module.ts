/**
 * The bytes of YARA-X's WebAssembly module: beside its package in a checkout, an asset of the single-file executable.
 */
import { readFileSync } from 'node:fs'
import { isExecutable, shippedFile } from '../runtime/resources.ts'

/** Name of the asset, and of the file in the package. */
export const yaraAsset = 'yara_x_js_bg.wasm'

/** The module. */
export function yaraModule(): Uint8Array {
  if (isExecutable) return shippedFile(yaraAsset)
  return readFileSync(new URL(yaraAsset, import.meta.resolve('@virustotal/yara-x')))
}
