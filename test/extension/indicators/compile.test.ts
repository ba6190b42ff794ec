/** From indicators to selection rules: what is read, what is not, and which digests are computed. */
import { describe, expect, it } from 'vitest'
import { glob, matchesGlob } from '../../../extension/domain/glob.ts'
import type { Indicator } from '../../../extension/domain/indicator.ts'
import {
  readsEverything,
  selectEverywhere,
  selectPattern,
  selectPlaces,
} from '../../../extension/indicators/compile.ts'
import { loadBundledSets, loadPlaces } from '../../../extension/indicators/index.ts'
import type { Selection } from '../../../extension/native/selection.ts'

const bundled = loadBundledSets().flatMap((set) => set.indicators)
const base = { set: 't', number: 1, component: 'c', stage: 'loader', level: 'critical', status: 'malicious' } as const
const bare: Indicator = { ...base, id: 't/1', type: 'sha256', value: 'a'.repeat(64) }
const md5: Indicator = {
  ...base,
  id: 't/2',
  type: 'md5',
  value: 'b'.repeat(32),
  names: ['*.dll'],
  kinds: ['pe'],
  size: { min: 10, max: 20 },
}

/** Digests that would be computed of a file with that path, size and head. */
function digests(selection: Selection, path: string, size: number, head: string): string[] {
  const rules = selection.rules.flatMap(({ pattern, minSize = 0, maxSize = Infinity }, at) =>
    minSize <= size && size <= maxSize && matchesGlob(glob(pattern, true), path) ? [at] : [],
  )
  const classes = rules.flatMap((rule) => selection.classesOfRule[rule] ?? []).map((at) => selection.classes[at])
  const fitting = classes.filter((one) => !one?.magics || one.magics.some((magic) => head.startsWith(magic)))
  return [...new Set(fitting.flatMap((one) => one?.algorithms ?? []))].sort()
}

describe('a full sweep', () => {
  it('opens no file whose name no indicator means', () => {
    const { rules } = selectEverywhere(bundled, [], undefined)
    const globs = rules.map((rule) => glob(rule.pattern, true))
    for (const path of ['home/a/notes.txt', 'usr/lib/libc.so.6', 'var/log/syslog', 'a/b/photo.png', 'x/index.html']) {
      expect(
        globs.filter((one) => matchesGlob(one, path)).map((one) => one.pattern),
        path,
      ).toEqual([])
    }
  })

  it('reads everything only for indicators that know neither name nor size, and says which', () => {
    expect(readsEverything(bundled)).toEqual([])
    expect(readsEverything([...bundled, bare])).toEqual([bare])
    expect(digests(selectEverywhere([bare], [], undefined), 'any/thing', 5, '00')).toEqual(['sha256'])
  })

  it('computes a digest only where name, size and kind fit', () => {
    const selection = selectEverywhere([md5], [], undefined)
    expect(digests(selection, 'a/b/c.dll', 15, '4d5a90')).toEqual(['md5', 'sha256'])
    expect(digests(selection, 'a/b/c.dll', 15, '7f454c')).toEqual([])
    expect(digests(selection, 'a/b/c.dll', 21, '4d5a90')).toEqual([])
    expect(digests(selection, 'a/b/c.txt', 15, '4d5a90')).toEqual([])
  })

  it('covers renamed and backed-up copies of the trojanised libraries', () => {
    const selection = selectEverywhere(bundled, [], 'windows')
    for (const name of ['ffmpeg.dll', 'FFMPEG.DLL', 'ffmpeg.dll.bak', 'ffmpeg (1).dll', 'old ffmpeg', 'renamed.dll']) {
      expect(digests(selection, `somewhere/${name}`, 3_000_000, '4d5a'), name).toContain('sha256')
    }
  })
})

describe('a sweep of the places', () => {
  const selection = selectPlaces(bundled, loadPlaces(), 'windows')
  const app = 'Users/alice/AppData/Local/Programs/3CXDesktopApp/app'

  it('gives every file there its SHA-256, whatever its name', () => {
    expect(digests(selection, `${app}/anything.xyz`, 5, '00')).toEqual(['sha256'])
  })

  it('computes MD5 and SHA-1 only of files that such an indicator could mean', () => {
    expect(digests(selection, `${app}/ffmpeg.dll`, 3_000_000, '4d5a')).toEqual(['md5', 'sha1', 'sha256'])
    expect(digests(selection, `${app}/resources/app.asar`, 3_000_000, '0400')).toEqual(['sha256'])
    expect(digests(selection, `${app}/notes.dll`, 3_000_000, '0000')).not.toContain('sha1')
  })

  it('looks nowhere else', () => {
    expect(digests(selection, 'Users/alice/Pictures/ffmpeg.dll', 3_000_000, '4d5a')).toEqual([])
  })
})

describe('named files', () => {
  it('are digested whatever their name', () => {
    expect(digests(selectPattern([md5], ['**']), 'x/y', 1, '00')).toEqual(['sha256'])
    expect(digests(selectPattern([md5], ['**']), 'x/y.dll', 15, '4d5a')).toEqual(['md5', 'sha256'])
  })
})
