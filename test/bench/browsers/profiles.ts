/**
 * 200 profiles with 50,000 visits each, made once below a directory: the same bytes every time.
 *
 * Eight different histories are written by SQLite and copied, so that every profile is a file of its own on disk. Five
 * profiles get a contact with the campaign, five others a look-alike.
 */
import { copyFileSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { addChromiumPages, chromiumHistoryDatabase, type Page } from '../../support/browser-stores.ts'

const kinds = 8
const urlsOfEach = 25_000
const visitsOfEach = 50_000
const contacts: Readonly<Record<number, string>> = {
  3: 'https://officeaddons.com/officeaddons',
  57: 'https://pbxsources.com/exchange',
  101: 'https://raw.githubusercontent.com/IconStorages/images/main/icon7.ico',
  140: 'https://www.msstorageazure.com/window',
  199: 'https://azureonlinestorage.com/google/storage',
}
const lookAlikes: Readonly<Record<number, string>> = {
  10: 'https://notofficeaddons.com.example/',
  60: 'https://blog.example/?q=pbxsources.com',
  110: 'https://pbxsources.com.evil.example/',
  150: 'https://msstorageazure.com.example/',
  190: 'https://xazureonlinestorage.com/',
}

/** What a hunt through the profiles must find: `profile-3 https://...`, sorted. */
export const expectedFinds: readonly string[] = Object.entries(contacts)
  .map(([at, url]) => `profile-${at} ${url}`)
  .sort()

/** Their directory, and the bytes of all histories together. */
export function browserProfiles(base: string, count = 200): { readonly root: string; readonly bytes: number } {
  const root = join(base, `browsers-${count}`)
  const paths = Array.from({ length: count }, (_, at) => join(root, `profile-${at}`, 'History'))
  if (!existsSync(`${root}.done`)) {
    rmSync(root, { recursive: true, force: true })
    mkdirSync(root, { recursive: true })
    const templates = Array.from({ length: kinds }, (_, kind) => template(root, kind))
    for (const [at, path] of paths.entries()) {
      mkdirSync(join(root, `profile-${at}`))
      copyFileSync(templates[at % kinds] ?? '', path)
      const url = contacts[at] ?? lookAlikes[at]
      if (url !== undefined) plant(path, url)
    }
    for (const one of templates) rmSync(one)
    writeFileSync(`${root}.done`, '')
  }
  return { root, bytes: paths.reduce((sum, path) => sum + statSync(path).size, 0) }
}

function template(root: string, kind: number): string {
  const path = join(root, `template-${kind}`)
  let state = 20_230_329 + kind
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state % below
  }
  const word = () => (random(1 << 30) + (1 << 28)).toString(36)
  const pages = Array.from({ length: urlsOfEach }, (_, at): Page => {
    const visits = at === 0 ? visitsOfEach - 2 * (urlsOfEach - 1) : 2
    const start = 1_672_531_200 + random(7_000_000)
    return {
      url: `https://${word()}.${word()}.example/${word()}/${word()}?id=${random(1e9)}&ref=${word()}${word()}`,
      title: `${word()} ${word()} ${word()} - ${word()}`,
      visits: Array.from({ length: visits }, (_, visit) => start + visit * 60),
    }
  })
  chromiumHistoryDatabase(path, pages, [], 'PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF').close()
  return path
}

function plant(path: string, url: string): void {
  const db = new DatabaseSync(path)
  addChromiumPages(db, [{ url, visits: [1_679_300_000, 1_679_300_060] }])
  db.close()
}
