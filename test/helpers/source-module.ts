import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseSync } from 'oxc-parser'

/** The folder of the package: every path of a {@link SourceModule} starts there. */
export const packageRoot = fileURLToPath(new URL('../..', import.meta.url))

/** One import of a module, static or dynamic, or an export that passes on another module's names. */
export interface ModuleImport {
  /** What is asked for; null when a dynamic import computes it. */
  readonly request: string | null
  /** `type` when nothing of it is left at run time. */
  readonly kind: 'value' | 'type'
  readonly isDynamic: boolean
  /** 1-based. */
  readonly line: number
}

/** A place where a module names something that stands for the world outside it, or calls it. */
export interface ModuleUse {
  /** Shape: `Date.now` · `new Date()` · `Math.random` · `process` · `eval` */
  readonly name: string
  /** 1-based. */
  readonly line: number
}

/** A source file, read and parsed; comments and strings can therefore never be mistaken for code. */
export interface SourceModule {
  /** Shape: `src/run/reduce.ts` */
  readonly path: string
  readonly lineCount: number
  readonly imports: readonly ModuleImport[]
  /** Every name that is used and not declared by a member, key or label; with members of `Date` and `Math` spelled out. */
  readonly uses: readonly ModuleUse[]
  /** The text of every `/** … *\/` comment, with the line it begins at. */
  readonly docstrings: readonly { readonly text: string; readonly line: number }[]
}

interface SyntaxNode {
  readonly type: string
  readonly start: number
  readonly [member: string]: unknown
}

/** Every module under a folder of the package, in path order. */
export function readSourceModules(folder = 'src'): readonly SourceModule[] {
  return readdirSync(join(packageRoot, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.[jt]sx?$/.test(entry.name) && !entry.name.endsWith('.d.ts'))
    .map((entry) => join(entry.parentPath, entry.name).slice(packageRoot.length).replaceAll('\\', '/'))
    .sort()
    .map((path) => parseSourceModule(path, readFileSync(join(packageRoot, path), 'utf8')))
}

/** A module from its path and text; the path decides the room, so rules can be tried on texts that are no files. */
export function parseSourceModule(path: string, text: string): SourceModule {
  const parsed = parseSync(path, text)
  const [error] = parsed.errors
  if (error !== undefined) throw new Error(`${path} can not be parsed: ${error.message}`)
  const lineAt = lineFinder(text)
  const imports: ModuleImport[] = []
  const uses: ModuleUse[] = []

  const open: { readonly node: SyntaxNode; readonly parent: SyntaxNode | null; readonly member: string }[] = [
    { node: parsed.program as unknown as SyntaxNode, parent: null, member: '' },
  ]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, parent, member } = next
    const found = importOf(node)
    if (found !== null) imports.push({ ...found, line: lineAt(node.start) })
    const name = useOf(node, parent, member)
    if (name !== null) uses.push({ name, line: lineAt(node.start) })
    for (const [key, value] of Object.entries(node)) {
      for (const child of Array.isArray(value) ? value : [value]) {
        if (isSyntaxNode(child)) open.push({ node: child, parent: node, member: key })
      }
    }
  }

  return {
    path,
    lineCount: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
    imports: imports.sort((a, b) => a.line - b.line),
    uses: uses.sort((a, b) => a.line - b.line),
    docstrings: parsed.comments
      .filter((comment) => comment.type === 'Block' && comment.value.startsWith('*'))
      .map((comment) => ({ text: comment.value.slice(1), line: lineAt(comment.start) })),
  }
}

function isSyntaxNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && typeof (value as { readonly type?: unknown }).type === 'string'
}

function importOf(node: SyntaxNode): Omit<ModuleImport, 'line'> | null {
  const source = node['source']
  const literal = isSyntaxNode(source) && typeof source['value'] === 'string' ? source['value'] : null
  switch (node.type) {
    case 'ImportDeclaration':
      // `import { type A }` still loads the module at run time under verbatimModuleSyntax; only `import type` does not
      return { request: literal, kind: node['importKind'] === 'type' ? 'type' : 'value', isDynamic: false }
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
      if (literal === null) return null
      return { request: literal, kind: node['exportKind'] === 'type' ? 'type' : 'value', isDynamic: false }
    case 'ImportExpression':
      return { request: literal, kind: 'value', isDynamic: true }
    case 'TSImportType':
      return { request: literal, kind: 'type', isDynamic: false }
    default:
      return null
  }
}

/** Members by which an identifier is only a name, or the name of a type, and reaches for nothing. */
const NAMING_MEMBERS = new Set(['key', 'label', 'imported', 'exported', 'typeName'])

function useOf(node: SyntaxNode, parent: SyntaxNode | null, member: string): string | null {
  if (node.type === 'NewExpression') {
    const callee = node['callee']
    if (isSyntaxNode(callee) && callee['name'] === 'Date' && (node['arguments'] as unknown[]).length === 0)
      return 'new Date()'
    return null
  }
  if (node.type === 'CallExpression') {
    const callee = node['callee']
    return isSyntaxNode(callee) && callee.type === 'Identifier' && callee['name'] === 'Date' ? 'Date()' : null
  }
  if (node.type === 'MemberExpression') {
    const { object, property } = node
    if (!isSyntaxNode(object) || !isSyntaxNode(property)) return null
    const name = node['computed'] === true ? property['value'] : property['name']
    if (typeof name !== 'string') return null
    if (object['name'] === 'globalThis' || object['name'] === 'window' || object['name'] === 'self') return name
    return object['name'] === 'Date' || object['name'] === 'Math' ? `${object['name']}.${name}` : null
  }
  if (node.type !== 'Identifier' || parent === null) return null
  if (member === 'property' && parent.type === 'MemberExpression' && parent['computed'] !== true) return null
  if (NAMING_MEMBERS.has(member) && parent['computed'] !== true) return null
  // `Function.prototype.toString` only looks; calling or passing on `Function` itself makes code
  const property = parent['property']
  if (node['name'] === 'Function' && member === 'object' && isSyntaxNode(property) && property['name'] === 'prototype')
    return null
  return String(node['name'])
}

function lineFinder(text: string): (offset: number) => number {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return (offset) => {
    let low = 0
    let high = starts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle
    }
    return low + 1
  }
}
