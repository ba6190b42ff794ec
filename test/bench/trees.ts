/**
 * Data for the benchmarks, made once below a directory and reused while it stands.
 */
import { closeSync, existsSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** One file of incompressible-looking bytes. */
export function largeFile(base: string, bytes: number): string {
  const path = join(base, `large-${bytes}`)
  if (existsSync(`${path}.done`)) return path
  const block = noise(1 << 20, 1)
  const fd = openSync(path, 'w')
  for (let done = 0; done < bytes; done += block.length) {
    block.writeUInt32LE(done / block.length, 0)
    writeSync(fd, block)
  }
  closeSync(fd)
  writeFileSync(`${path}.done`, '')
  return path
}

/** `count` files of `bytes` each, a thousand to a directory. */
export function smallFiles(base: string, count: number, bytes: number): string {
  const root = join(base, `small-${count}-${bytes}`)
  if (existsSync(`${root}.done`)) return root
  const block = noise(bytes, 2)
  fill(root, count, (path, at) => {
    block.writeUInt32LE(at, 0)
    writeFileSync(path, block)
  })
  writeFileSync(`${root}.done`, '')
  return root
}

/** `count` files of 1 to 64 MiB, as many between 1 and 2 as between 32 and 64, in one directory. */
export function mixedFiles(base: string, count: number): string {
  const root = join(base, `mixed-${count}`)
  if (existsSync(`${root}.done`)) return root
  mkdirSync(root, { recursive: true })
  const block = noise(1 << 20, 3)
  for (let at = 0; at < count; at++) {
    // Sizes in no order: by the golden ratio every part of the range gets its share.
    const bytes = Math.floor(2 ** (20 + 6 * ((at * 0.618_033_988_75) % 1)))
    const fd = openSync(join(root, `file-${at}`), 'w')
    for (let done = 0; done < bytes; done += block.length) {
      block.writeUInt32LE(at, 0)
      block.writeUInt32LE(done, 4)
      writeSync(fd, block, 0, Math.min(block.length, bytes - done))
    }
    closeSync(fd)
  }
  writeFileSync(`${root}.done`, '')
  return root
}

/** `count` empty files with names that no indicator means, a thousand to a directory. */
export function namesOnly(base: string, count: number): string {
  const root = join(base, `names-${count}`)
  if (existsSync(`${root}.done`)) return root
  fill(root, count, (path) => closeSync(openSync(path, 'w')))
  writeFileSync(`${root}.done`, '')
  return root
}

function fill(root: string, count: number, make: (path: string, at: number) => void): void {
  const endings = ['txt', 'log', 'so', 'py', 'json', 'png', 'h', 'html']
  for (let at = 0; at < count; at++) {
    const directory = join(root, `d${Math.floor(at / 10_000)}`, `e${Math.floor(at / 1000) % 10}`)
    if (at % 1000 === 0) mkdirSync(directory, { recursive: true })
    make(join(directory, `file-${at}.${endings[at % endings.length]}`), at)
  }
}

function noise(bytes: number, seed: number): Buffer {
  const out = Buffer.alloc(bytes)
  let x = seed * 2_654_435_761
  for (let at = 0; at < bytes; at++) {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0
    out[at] = x >>> 24
  }
  return out
}
