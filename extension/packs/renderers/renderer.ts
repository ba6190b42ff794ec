/**
 * What a rendering of the packs is: a target's name, what it is for, and files.
 *
 * A renderer is a function of the packs and the columns of their queries: it reads no file, writes none and has no
 * options. Paths are relative, with `/`. The same packs give the same bytes.
 */
import type { HuntingPack, HuntingQuery } from '../../domain/hunting-query.ts'

/** A file of a rendering. */
export interface RenderedFile {
  readonly path: string
  readonly text: string
}

/** A query with the names of the columns of its answer. */
export type RenderedQuery = HuntingQuery & { readonly columns: readonly string[] }

/** A pack of such. */
export type RenderedPack = Omit<HuntingPack, 'queries'> & { readonly queries: readonly RenderedQuery[] }

/** One consumer's form. */
export interface Renderer {
  /** The word after --target. */
  readonly target: string
  /** One line of help. */
  readonly description: string
  render(packs: readonly RenderedPack[]): readonly RenderedFile[]
}

/** Whether a row of a query is something to act on, as opposed to a state or an inventory. */
export function isFinding({ level, mode }: HuntingQuery): boolean {
  return level !== 'informational' && mode !== 'snapshot'
}

/** JSON with an end of line. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
