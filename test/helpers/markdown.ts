import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from './source-module.ts'

/** A page of the documentation. */
export interface Page {
  /** Shape: `docs/errors.md` */
  readonly path: string
  readonly text: string
}

/** A fenced block of a page. */
export interface Fence {
  /** The word after the fence; empty when there is none. */
  readonly language: string
  /** What stands in the comment right before the fence: `<!-- run -->` gives `run`. */
  readonly mark: string | null
  readonly text: string
  /** 1-based line of the opening fence. */
  readonly line: number
}

/** The pages at the top of the package and under `docs/`, in path order. */
export function readPages(): readonly Page[] {
  const top = readdirSync(packageRoot).filter((name) => name.endsWith('.md'))
  const docs = existsSync(join(packageRoot, 'docs'))
    ? readdirSync(join(packageRoot, 'docs'), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.md'))
        .map((name) => `docs/${name.replaceAll('\\', '/')}`)
    : []
  return [...top, ...docs].sort().map((path) => ({ path, text: readFileSync(join(packageRoot, path), 'utf8') }))
}

/** The fenced blocks of a page, in order. */
export function fencesOf(text: string): readonly Fence[] {
  const fences: Fence[] = []
  const lines = text.split(/\r?\n/)
  let open: {
    readonly fence: string
    readonly language: string
    readonly mark: string | null
    readonly line: number
    readonly lines: string[]
  } | null = null
  let mark: string | null = null
  for (const [index, line] of lines.entries()) {
    if (open !== null) {
      if (line.trim() === open.fence) {
        const { language, line: at } = open
        fences.push({ language, mark: open.mark, text: open.lines.join('\n'), line: at })
        open = null
      } else open.lines.push(line)
      continue
    }
    const opening = /^(`{3,}|~{3,})\s*(\S*)/.exec(line.trim())
    if (opening !== null) open = { fence: opening[1]!, language: opening[2]!, mark, line: index + 1, lines: [] }
    const comment = /^<!--\s*(.*?)\s*-->$/.exec(line.trim())
    if (comment !== null) mark = comment[1]!
    else if (line.trim() !== '') mark = null
  }
  return fences
}

/** The headings of a page of one depth, `###` being 3; fenced blocks have none. */
export function headingsOf(text: string, depth: number): readonly { readonly title: string; readonly body: string }[] {
  const found: { title: string; body: string }[] = []
  let fence: string | null = null
  let isOpen = false
  for (const line of text.split(/\r?\n/)) {
    const mark = /^(`{3,}|~{3,})/.exec(line)?.[1] ?? null
    if (fence === null ? mark !== null : line.trim() === fence) fence = fence === null ? mark : null
    const heading = fence === null ? /^(#+)\s+(.*?)\s*$/.exec(line) : null
    if (heading !== null && heading[1]!.length <= depth) {
      isOpen = heading[1]!.length === depth
      if (isOpen) found.push({ title: heading[2]!, body: '' })
    } else if (isOpen) found.at(-1)!.body += `${line}\n`
  }
  return found
}
