/**
 * What a media library takes from the system, where a clean one takes nothing of the kind.
 *
 * libffmpeg decodes sound and pictures. A genuine build reads the clock, the environment, even random numbers
 * (`getenv`, `rand`, `sleep` and semaphores therefore tell nothing here); it starts no programs, and it neither locks
 * files nor asks for the host's name. The loader needs both kinds: it starts the second stage through a shell, and
 * prepares that with the others. The set is that of the published comparison of the trojanised library with a clean one.
 * https://github.com/chainguard-dev/malcontent/blob/main/tests/macOS/2023.3CX/libffmpeg.dirty.mdiff
 */
import { type Examination, joined } from '../domain/examination.ts'
import type { BoundedFile } from './bounded-file.ts'
import { cpuName, type MachOImage, type MachOSlice } from './macho.ts'
import { boundNames } from './macho-bindings.ts'
import { undefinedSymbols } from './macho-symbols.ts'
import { isRefusal } from './refusal.ts'

/** Ways to start a program; a recompiled loader need not use the published `popen`. */
const starters = ['popen', 'system', 'posix_spawn', 'posix_spawnp']
/** What the loader does before; two of them, so that a library with one odd dependency is not accused. */
const preparations = ['flock', 'gethostname', 'chmod', 'OBJC_CLASS_$_NSMutableURLRequest']
const minPreparations = 2
/** Published too, and shown; a genuine build may have any of them. */
const companions = ['pclose', 'getenv', 'srand', 'rand', 'sleep', 'dispatch_semaphore_create']

const wanted: ReadonlySet<string> = new Set([...starters, ...preparations, ...companions])

/** Whether a file, by its name or by the name it gives itself, is the media library. */
export function isMediaLibrary(filename: string, image: MachOImage): boolean {
  const names = [filename, image.installName ?? '']
  return image.fileType === 'dylib' && names.some((name) => /libffmpeg[^/]*\.dylib/i.test(name))
}

/** Examines the imports of one slice of a media library. */
export async function examineImports(file: BoundedFile, slice: MachOSlice, image: MachOImage): Promise<Examination> {
  const cpu = cpuName(slice.cpuType)
  const read = [await undefinedSymbols(file, slice, image, wanted), await boundNames(file, slice, image, wanted)]
  const refusals = read.flatMap((one) => (isRefusal(one) ? [`${cpu}: ${one.problem}`] : []))
  const names = new Set(read.flatMap((one) => (isRefusal(one) ? [] : one)))
  const present = (some: readonly string[]) => some.filter((name) => names.has(name))
  const imports = [...present(starters), ...present(preparations), ...present(companions)]
  if (present(starters).length === 0 || present(preparations).length < minPreparations) {
    return joined([{ traits: [], payloads: [], refusals }])
  }
  const fields = { cpu, imports: imports.join(','), file_name_inside: image.installName ?? '' }
  return { traits: [{ name: 'macos_loader_imports', offset: slice.offset, fields }], payloads: [], refusals }
}
