/**
 * Packs by the names that a configuration gives them: shipped ones, folders of our shape, osquery's pack files.
 *
 * What cannot be used is a problem with its place; everything else is in force.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, extname, isAbsolute, resolve } from 'node:path'
import type { HuntingPack } from '../extension/domain/hunting-query.ts'
import { loadPackFolder, shippedPacks } from '../extension/packs/load-packs.ts'

/** An osquery pack file. */
export interface PackFile {
  readonly name: string
  readonly path: string
  readonly text: string
}

/** What the names came to. */
export interface ChosenPacks {
  readonly packs: readonly HuntingPack[]
  readonly files: readonly PackFile[]
  readonly problems: readonly string[]
}

/** osquery's bound of a configuration. */
const maxFileBytes = 4 * 1024 * 1024

/** Loads packs; without names those that are on by default. Paths are relative to `base`, or to where the daemon runs. */
export function choosePacks(names: readonly string[] | undefined, base: string): ChosenPacks {
  const shipped = shippedPacks()
  const packs: HuntingPack[] = []
  const files: PackFile[] = []
  const problems = shipped.problems.map(({ file, line, message }) => `${file}:${line}: ${message}`)
  if (!names) packs.push(...shipped.packs.filter(({ isDefault }) => isDefault))
  for (const name of names ?? []) {
    const known = shipped.packs.find((pack) => pack.name === name)
    if (known) {
      packs.push(known)
      continue
    }
    const path = isAbsolute(name) ? name : resolve(base, name)
    try {
      if (statSync(path).isDirectory() && readdirSync(path).includes('pack.json')) {
        const loaded = loadPackFolder(path)
        packs.push(...loaded.packs)
        problems.push(...loaded.problems.map(({ file, line, message }) => `${file}:${line}: ${message}`))
      } else for (const file of packFiles(path)) files.push(readPackFile(file))
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      const expected = `expected ${shipped.packs.map((pack) => pack.name).join(', ')}, a pack file or a folder`
      problems.push(`pack "${name}": ${why}; ${expected}`)
    }
  }
  return { packs, files, problems }
}

/** A file itself, or the pack files in a folder. */
function packFiles(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path)
    .filter((name) => ['.conf', '.json'].includes(extname(name)))
    .sort()
    .map((name) => resolve(path, name))
}

function readPackFile(path: string): PackFile {
  const { size } = statSync(path)
  if (size > maxFileBytes) throw new Error(`${path} has ${size} bytes; expected at most ${maxFileBytes}`)
  return { name: basename(path, extname(path)), path, text: readFileSync(path, 'utf8') }
}
