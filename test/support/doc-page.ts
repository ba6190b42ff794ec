/**
 * A page of docs/ as a test sees it: fenced blocks, links, and what a reader may copy into a shell.
 *
 * The first word after a fence is its language, as everywhere; more words are for tests and are not shown by anybody:
 * `sh tested` is run line by line, and a line that ends in `# exits with N` must do that; `text output` behind it lists
 * lines that must appear in that order, `…` stands for anything; `file=PATH` is written to PATH first.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')

/** Pages that people write. Those that are generated have tests of their own, but their links count too. */
export const pages: readonly string[] = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

/** One fenced block. */
export interface Block {
  readonly language: string
  readonly words: readonly string[]
  readonly text: string
  /** Line of the fence, from 1. */
  readonly line: number
}

/** The text of a page. */
export function pageText(page: string): string {
  return readFileSync(join(root, page), 'utf8')
}

/** All fenced blocks of a page. */
export function blocksOf(page: string): readonly Block[] {
  const lines = pageText(page).split('\n')
  const blocks: Block[] = []
  for (let at = 0; at < lines.length; at++) {
    const open = /^```(.*)$/.exec(lines[at] ?? '')
    if (!open) continue
    const end = lines.indexOf('```', at + 1)
    if (end < 0) throw new Error(`${page}:${at + 1}: the block has no end`)
    const [language = '', ...words] = (open[1] ?? '').trim().split(/\s+/)
    blocks.push({ language, words, text: lines.slice(at + 1, end).join('\n'), line: at + 1 })
    at = end
  }
  return blocks
}

/** Commands of a shell block: continued lines are one, comments and empty lines none. */
export function commandsOf({ text }: Block): readonly string[] {
  return text
    .replace(/\s*\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
}

/** Commands in the prose and the blocks of a page that call threecx, as words. */
export function threecxCalls(page: string): readonly (readonly string[])[] {
  const fenced = blocksOf(page).flatMap((block) => (/^(sh|)$/.test(block.language) ? commandsOf(block) : []))
  const prose = pageText(page).replace(/^```[\s\S]*?^```/gm, '')
  const inline = [...prose.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code.replace(/\s+/g, ' '))
  return [...fenced, ...inline]
    .flatMap((line) => line.split(/&&|\||;(?=\s)/))
    .map((line) => wordsOf(line.trim()))
    .map((words) => words.slice(words[0] === 'sudo' ? 1 : 0))
    .map((words) => words.slice(words[0] === 'npx' ? 1 : 0))
    .filter((words) => words[0] === 'threecx')
}

/** Words of a simple command, quotes resolved; what stands behind # or > is left out. */
function wordsOf(line: string): string[] {
  const words = [...line.matchAll(/(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s"']+))+/g)].map((match) => match[0])
  const end = words.findIndex((word) => /^(#|\d?>|<)/.test(word))
  return (end < 0 ? words : words.slice(0, end)).map((word) => word.replace(/^(["'])(.*)\1$/, '$2'))
}
