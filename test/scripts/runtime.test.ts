/** The runtime of a cross build: found in its tarball, and refused when it is not the pinned one. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { checkIntegrity, lockedPackage } from '../../scripts/executable/runtime.ts'
import { fileInTarball } from '../../scripts/executable/tarball.ts'
import { targetOf, targets } from '../../scripts/executable/target.ts'

const root = join(import.meta.dirname, '..', '..')

/** A tarball of files, as npm writes it. */
function tarball(files: Readonly<Record<string, string>>): Uint8Array {
  const blocks = Object.entries(files).flatMap(([name, content]) => {
    const header = Buffer.alloc(512)
    header.write(name, 0)
    header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124)
    header.write('ustar\0', 257)
    return [header, Buffer.concat([Buffer.from(content), Buffer.alloc((512 - (content.length % 512)) % 512)])]
  })
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]))
}

describe('a runtime in a tarball', () => {
  it('is found among other files, whole', () => {
    const content = 'binary '.repeat(100)
    const packed = tarball({ 'package/package.json': '{}', 'package/bin/node': content, 'package/README.md': 'x' })
    expect(Buffer.from(fileInTarball(packed, 'package/bin/node')).toString()).toBe(content)
  })

  it('is missed with its name', () => {
    expect(() => fileInTarball(tarball({ 'package/package.json': '{}' }), 'package/bin/node')).toThrow(
      'the tarball holds no package/bin/node',
    )
  })

  it('is refused when one byte differs from what the lock file pins', () => {
    const packed = tarball({ 'package/bin/node': 'binary' })
    const integrity = `sha512-${createHash('sha512').update(packed).digest('base64')}`
    expect(() => checkIntegrity(packed, integrity, 'node-x')).not.toThrow()
    const changed = Buffer.from(packed)
    changed.writeUInt8(changed.readUInt8(20) ^ 1, 20)
    expect(() => checkIntegrity(changed, integrity, 'node-x')).toThrow('package-lock.json says sha512-')
  })
})

describe('targets', () => {
  it('have a runtime that package-lock.json pins, of one major version', () => {
    const majors = targets.map((target) => lockedPackage(target.runtime, root).version.split('.')[0])
    expect(new Set(majors)).toEqual(new Set(['26']))
  })

  it('are named when the name is none', () => {
    expect(() => targetOf('beos')).toThrow('--platform is "beos"; expected linux-x64, linux-arm64')
  })
})
