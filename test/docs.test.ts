/** Generated documentation is fresh, and what the pages promise holds; test/docs/pages.test.ts reads README and docs/. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { pages } from '../scripts/generate-docs.ts'

const root = join(import.meta.dirname, '..')

describe('documentation', () => {
  it.each(Object.entries(pages))('%s is what the code says (npm run docs writes it)', (path, page) => {
    expect(readFileSync(join(root, path), 'utf8')).toBe(page())
  })

  it.each(['ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md'])('%s links only to what is there', (page) => {
    const links = readFileSync(join(root, page), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)
    expect([...links].map((link) => link[1] ?? '').filter((target) => !existsSync(join(root, target)))).toEqual([])
  })

  it('the README shows the two commands that must always work', () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8')
    expect(readme).toContain('npm ci && npx threecx hunt')
    expect(readme).toContain('npm ci && npm test')
  })
})
