/** Conditions on paths with the meaning that osquery gives them, over images of every system. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Platform } from '../../../extension/domain/platform.ts'
import { HostileTree } from '../../support/hostile-tree.ts'
import { AskedImages } from './asked-images.ts'

let tree: HostileTree
beforeAll(() => {
  tree = new HostileTree()
  for (const path of [
    'Users/ann/a.dll',
    'Users/ann/b_c.dll',
    'Users/ann/bxc.dll',
    'Users/ann/deep/down/d.dll',
    'top.txt',
  ])
    tree.file(path)
  tree.file('Users/bad\\xff/e.dll')
  tree.link('Users/out', '/etc')
  tree.link('Users/ann/link.dll', '/etc/passwd')
  tree.fifo('Users/ann/pipe.dll')
  mkdirSync(join(tree.root, 'Users/ann/folder.dll'))
})
afterAll(async () => {
  await images.close()
  tree.remove()
})

const images = new AskedImages(() => tree.root)
const ask = (platform: Platform, sql: string) => images.ask(platform, sql)
const paths = async (platform: Platform, where: string) =>
  (await ask(platform, `SELECT path FROM file WHERE ${where}`)).rows.map((row) => row['path']).sort()

describe('paths of osquery', () => {
  it('% stays within a component, %% at the end goes below, and _ is itself', async () => {
    expect(await paths('darwin', "path LIKE '/Users/%.dll'")).toEqual([])
    expect(await paths('darwin', "path LIKE '/Users/%/%.dll'")).toEqual([
      '/Users/ann/a.dll',
      '/Users/ann/b_c.dll',
      '/Users/ann/bxc.dll',
      '/Users/bad\\xff/e.dll',
    ])
    expect(await paths('darwin', "path LIKE '/Users/ann/b_c.dll'")).toEqual(['/Users/ann/b_c.dll'])
    expect(await paths('darwin', "path LIKE '/Users/ann/%%'")).toContain('/Users/ann/deep/down/d.dll')
    expect(await paths('darwin', "path LIKE '%/top.txt'")).toEqual([])
  })

  it('are those of the examined system, in any case where it has none', async () => {
    const found = 'C:\\Users\\ann\\a.dll'
    expect(await paths('windows', "path LIKE 'c:\\users\\ANN\\a%'")).toEqual([found])
    expect(await paths('windows', "path = 'c:\\users\\ann\\A.dll'")).toEqual(['c:\\users\\ann\\A.dll'])
    expect(await paths('windows', "path LIKE 'D:\\users\\%\\a%'")).toEqual([])
    expect(await paths('windows', "path = '/Users/ann/a.dll'")).toEqual([])
    expect(await paths('linux', "path = '/users/ann/a.dll'")).toEqual([])
    expect(await paths('linux', "path LIKE '/users/%/a.dll'")).toEqual([])
    expect(await paths('linux', "path = 'C:\\Users\\ann\\a.dll'")).toEqual([])
    expect(await paths('linux', `path = '${tree.root}/top.txt'`)).toEqual([`${tree.root}/top.txt`])
  })

  it('of a directory are those of its files, and of a branch of OR each once', async () => {
    expect(await paths('linux', "directory = '/Users/ann/deep/down'")).toEqual(['/Users/ann/deep/down/d.dll'])
    expect(await paths('linux', "directory LIKE '/Users/%/deep/down/'")).toEqual([])
    expect(await paths('linux', "directory LIKE '/Users/%/deep/down'")).toEqual(['/Users/ann/deep/down/d.dll'])
    expect(await paths('linux', "path LIKE '/Users/ann/a%' OR path LIKE '/Users/%/a.dll'")).toEqual([
      '/Users/ann/a.dll',
    ])
    expect(await paths('linux', "path IN ('/top.txt', '/Users/ann/a.dll', '/no')")).toEqual([
      '/Users/ann/a.dll',
      '/top.txt',
    ])
  })

  it('never lead out of the image, to a link, a folder or a pipe', async () => {
    expect(await paths('linux', "path LIKE '/Users/out/%'")).toEqual([])
    expect(await paths('linux', "path IN ('/Users/out/passwd', '/Users/ann/../../../etc/passwd')")).toEqual([])
    expect(await paths('linux', "path LIKE '/Users/ann/%.dll'")).toHaveLength(3)
    const said = await ask(
      'linux',
      "SELECT path FROM hash WHERE path IN ('/Users/ann/link.dll', '/Users/ann/pipe.dll')",
    )
    expect(said.rows).toEqual([])
  })

  it('without a condition are refused, as in osquery', async () => {
    await expect(ask('linux', 'SELECT * FROM file')).rejects.toThrow(/required column/)
    await expect(ask('linux', "SELECT * FROM yara_file WHERE sigrule = 'rule a { condition: true }'")).rejects.toThrow(
      /required/,
    )
  })
})
