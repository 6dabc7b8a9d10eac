import { existsSync } from 'node:fs'
import { join, posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readPages } from '../helpers/markdown.ts'
import { packageRoot } from '../helpers/source-module.ts'

const pages = readPages()

/** The anchor a heading gets: lower case, words joined by hyphens, other signs dropped. */
const anchorOf = (title: string) =>
  title
    .toLowerCase()
    .replaceAll(/[^\p{Letter}\p{Number}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-')

const anchors = new Map(
  pages.map(({ path, text }) => [
    path,
    new Set([...text.matchAll(/^#+\s+(.*)$/gm)].map(([, title]) => anchorOf(title!))),
  ]),
)

describe('the pages', () => {
  it.each(pages)('of $path link to files and headings that exist', ({ path, text }) => {
    const broken = [...text.replaceAll(/^(`{3,})[\s\S]*?^\1$/gm, '').matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link]) => link!)
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => {
        const [file = '', anchor] = link.split('#')
        const target = file === '' ? path : posix.join(posix.dirname(path), file)
        if (!existsSync(join(packageRoot, target))) return true
        return anchor !== undefined && anchors.has(target) && !anchors.get(target)!.has(anchor)
      })
    expect(broken).toEqual([])
  })
})
