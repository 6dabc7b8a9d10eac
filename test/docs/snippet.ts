import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync } from 'oxc-parser'
import { fencesOf, readPages } from '../helpers/markdown.ts'
import { packageRoot, parseSourceModule, readSourceModules, type SourceModule } from '../helpers/source-module.ts'

/** A program in a page or docstring that must run, and what it must print. */
export interface Snippet {
  /** Where it stands. Shape: `README.md:12` */
  readonly place: string
  readonly code: string
  /** Exactly what it prints; null when nobody says. */
  readonly prints: string | null
}

/** Names a module gives, each with whether it is only a type. */
export type ExportedNames = ReadonlyMap<string, { readonly isType: boolean }>

/** Every program the documentation holds. */
export function readSnippets(): readonly Snippet[] {
  const modules = readSourceModules()
  const published = modules.some(({ path }) => path === 'src/index.ts') ? exportsOf('src/index.ts') : new Map()
  return [
    ...readPages().flatMap(({ path, text }) => snippetsOfPage(path, text)),
    ...modules.flatMap((module) =>
      snippetsOfModule(module, module.docstrings.length === 0 ? new Map() : exportsOf(module.path), published),
    ),
  ]
}

/**
 * The programs of a page: every `ts` block right after `<!-- run -->`.
 * A `text` block right after `<!-- prints -->` belongs to the program before it.
 */
export function snippetsOfPage(path: string, text: string): readonly Snippet[] {
  const fences = fencesOf(text)
  const snippets: Snippet[] = []
  for (const [index, fence] of fences.entries()) {
    if (fence.mark === 'prints' && (fence.language !== 'text' || fences[index - 1]?.mark !== 'run')) {
      throw new Error(`${path}:${fence.line}: what is printed wants a text block, and a program to run right before it`)
    }
    if (fence.mark !== 'run') continue
    if (fence.language !== 'ts') throw new Error(`${path}:${fence.line}: only a ts block can be run`)
    const next = fences[index + 1]
    snippets.push({
      place: `${path}:${fence.line}`,
      code: fence.text,
      prints: next?.mark === 'prints' ? next.text : null,
    })
  }
  return snippets
}

/**
 * The programs of a module's docstrings: what stands after `@example`, in a `ts` block or bare, up to the next tag.
 * Names it does not declare are imported from its module or from `waystone`; a comment after an expression is the
 * value it must have: `pointer('a', 0) // '/a/0'`. A block that opens with `ts no-run` is only read.
 */
export function snippetsOfModule(
  { path, docstrings }: Pick<SourceModule, 'path' | 'docstrings'>,
  own: ExportedNames,
  published: ExportedNames,
): readonly Snippet[] {
  return docstrings.flatMap((docstring) => {
    const lines = docstring.text.split('\n').map((line) => line.replace(/^\s*\* ?/, ''))
    return lines.flatMap((line, index) => {
      const tag = /^\s*@example\b/.exec(line)
      if (tag === null) return []
      const end = lines.findIndex((candidate, at) => at > index && /^@\w/.test(candidate))
      const text = [line.slice(tag[0].length), ...lines.slice(index + 1, end === -1 ? undefined : end)]
        .join('\n')
        .trim()
      if (text.startsWith('```ts no-run')) return []
      const place = `${path}:${docstring.line + index}`
      const code = text.replace(/^```ts\n/, '').replace(/\n```$/, '')
      return [{ place, code: completed(path, code, own, published), prints: null }]
    })
  })
}

/** A docstring's program with its imports, and its comments on values turned into expectations. */
function completed(path: string, code: string, own: ExportedNames, published: ExportedNames): string {
  const parsed = parseSync('example.ts', code)
  if (parsed.errors[0] !== undefined) return code
  let body = code
  for (const statement of parsed.program.body.toReversed()) {
    if (statement.type !== 'ExpressionStatement') continue
    const comment = parsed.comments.find(
      ({ type, start }) => type === 'Line' && /^;?[ \t]+$/.test(code.slice(statement.end, start)),
    )
    if (comment === undefined) continue
    const expression = code.slice(statement.expression.start, statement.expression.end)
    body = `${body.slice(0, statement.start)}expect(${expression}).toEqual(${comment.value.trim()})${body.slice(comment.end)}`
  }
  const declared = new Set(parsed.program.body.flatMap(declaredNames))
  const used = new Set(
    [...parseSourceModule('example.ts', code).uses, ...typeNames(code)]
      .map(({ name }) => name)
      .filter((name) => !declared.has(name)),
  )
  const imports = [...used].sort().flatMap((name) => {
    const kind = (names: ExportedNames) => (names.get(name)?.isType === true ? 'import type' : 'import')
    if (own.has(name)) return [`${kind(own)} { ${name} } from '../../../${path}'`]
    return published.has(name) ? [`${kind(published)} { ${name} } from 'waystone'`] : []
  })
  const expects = body === code ? [] : ["import { expect } from 'vitest'"]
  return [...expects, ...imports, body].join('\n')
}

/** Names that look like types; those that no module exports are passed over. */
function typeNames(code: string): readonly { readonly name: string }[] {
  return [...code.matchAll(/\b[A-Z]\w*\b/g)].map(([name]) => ({ name }))
}

function declaredNames(statement: unknown): readonly string[] {
  const { type, declarations, id, specifiers } = statement as {
    readonly type: string
    readonly id?: { readonly name?: string } | null
    readonly declarations?: readonly { readonly id: { readonly name?: string } }[]
    readonly specifiers?: readonly { readonly local: { readonly name: string } }[]
  }
  if (type === 'ImportDeclaration') return (specifiers ?? []).map(({ local }) => local.name)
  return [id?.name ?? '', ...(declarations ?? []).map((declaration) => declaration.id.name ?? '')]
}

/** The names a file of the package exports. */
function exportsOf(path: string): ExportedNames {
  const parsed = parseSync(path, readFileSync(join(packageRoot, path), 'utf8'))
  return new Map(
    parsed.module.staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ exportName, isType }) =>
        exportName.name === null ? [] : [[exportName.name, { isType }] as const],
      ),
    ),
  )
}
