/**
 * Licences of what others wrote and what is inside the executable: their own texts, each once.
 *
 * Most of them ask that their text goes along with binaries. Node's own licence names the parts of Node.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Contents } from './contents.ts'
import type { Crate } from './crates.ts'

interface Work {
  readonly title: string
  readonly texts: readonly string[]
}

/** All texts. `root` is the repository, with its dependencies installed. */
export function noticesOf(contents: Contents, crates: readonly Crate[], root: string): string {
  const modules = join(root, 'node_modules')
  const works: Work[] = [
    { title: `Node.js ${contents.node.version}`, texts: runtimeTexts(contents.node.package, modules) },
    ...contents.packages.map(({ name, version }) => ({
      title: `${name} ${version} (npm, ${licenceOf(join(modules, name))})`,
      texts: licenceTexts(join(modules, name)),
    })),
    ...crates.map(({ name, version, licence, directory, isOurs }) => ({
      title: `${name} ${version} (crate, ${licence})`,
      texts: isOurs ? [] : licenceTexts(directory),
    })),
  ]
  const introduction = 'What others wrote, and is inside threecx_hunter.ext, with the licence of each.\n'
  return [introduction, ...parts(works)].join('\n')
}

/** A text that many have stands with the first and is pointed to by the others. */
function parts(works: readonly Work[]): string[] {
  const first = new Map<string, string>()
  return works.map(({ title, texts }) => {
    const told = texts.map((text) => {
      const owner = first.get(text)
      first.set(text, owner ?? title)
      return owner === undefined ? text : `The same text as with ${owner}.`
    })
    const body = told.length > 0 ? told.join('\n\n') : 'Its package holds no text of the licence.'
    return `${rule}\n${title}\n${rule}\n\n${body}\n`
  })
}

const rule = '='.repeat(80)

/** Of another platform's runtime, which npm did not install here, the text is the same. */
function runtimeTexts(name: string, modules: string): string[] {
  const names = [
    name,
    ...readdirSync(modules)
      .filter((one) => /^node-(bin-)?(linux|darwin|win)-/.test(one))
      .sort(),
  ]
  return names.map((one) => licenceTexts(join(modules, one))).find((texts) => texts.length > 0) ?? []
}

function licenceTexts(directory: string): string[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isFile() && /^(licen[cs]e|copying|notice|unlicense)([-.][\w.-]+)?$/i.test(entry.name))
    .map((entry) => entry.name)
    .sort()
    .map((name) => readFileSync(join(directory, name), 'utf8').replaceAll('\r\n', '\n').trim())
}

function licenceOf(directory: string): string {
  const { license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as { license?: unknown }
  return typeof license === 'string' ? license : 'licence not named'
}
