import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync } from 'oxc-parser'
import { describe, expect, it } from 'vitest'
import { packageRoot } from '../helpers/source-module.ts'

/** What leaves a test out, by the name it has on `it`, `test` and `describe`, and among their options. */
const SKIPS = new Set(['skip', 'skipIf', 'runIf', 'todo'])
const RUNNERS = new Set(['it', 'test', 'describe', 'suite'])

/** How a title ends that says why its test may be left out; the output then says it wherever it is. */
const REASON = /\((needs|known gap:) .+\)$/

/** Places that are handed titles with a reason in them, and only pass them on. */
const passOn = new Set(["test/conformance/store.test.ts it.skip('name')"])

interface SyntaxNode {
  readonly type: string
  readonly start: number
  readonly [member: string]: unknown
}

/** Tests of a file that may be left out without a word why, as `path:line title`. */
function unexplained(path: string, text: string): readonly string[] {
  const { program, errors } = parseSync(path, text)
  if (errors[0] !== undefined) throw new Error(`${path} can not be parsed: ${errors[0].message}`)
  const found: string[] = []
  const open: { readonly node: SyntaxNode; readonly isCallee: boolean }[] = [
    { node: program as unknown as SyntaxNode, isCallee: false },
  ]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, isCallee } = next
    // `it.skip?.('a')` stands in a node of its own, which has no title.
    const skip = isCallee || node.type === 'ChainExpression' ? null : skipOf(node)
    const title = titleOf(node)
    if (skip !== null && !REASON.test(title ?? '') && !passOn.has(`${path} ${skip}('${nameOf(node)}')`)) {
      const line = text.slice(0, node.start).split('\n').length
      found.push(`${path}:${line} ${skip} ${title ?? 'without a title that can be read here'}`)
    }
    for (const [key, value] of Object.entries(node)) {
      // What is called to give a test its title is part of that call: of `it.skipIf(x).each(y)('z')` only the whole counts.
      const isPart = skip !== null || isCallee ? key === 'callee' || key === 'object' : false
      for (const child of Array.isArray(value) ? value : [value]) {
        if (isSyntaxNode(child)) open.push({ node: child, isCallee: isPart })
      }
    }
  }
  return found
}

/** How a call or a member leaves tests out, as `it.skip`; null when it does not. */
function skipOf(node: SyntaxNode): string | null {
  const names: string[] = []
  let at: unknown = node
  while (isSyntaxNode(at) && at.type !== 'Identifier') {
    if (at.type === 'MemberExpression') names.push(String((at['property'] as SyntaxNode)['name']))
    else if (at.type !== 'CallExpression' && at.type !== 'ChainExpression') return null
    at = at['callee'] ?? at['object'] ?? at['expression']
  }
  const root = isSyntaxNode(at) ? String(at['name']) : ''
  if (!RUNNERS.has(root)) return null
  const name = names.find((each) => SKIPS.has(each)) ?? optionOf(node)
  return name === undefined ? null : `${root}.${name}`
}

/** The option of a test, as in `it('…', { skip: true })`, that leaves it out. */
function optionOf(node: SyntaxNode): string | undefined {
  const given = Array.isArray(node['arguments']) ? (node['arguments'] as readonly SyntaxNode[]) : []
  return given
    .flatMap((each) => (each.type === 'ObjectExpression' ? (each['properties'] as readonly SyntaxNode[]) : []))
    .map((property) => String((property['key'] as SyntaxNode | undefined)?.['name']))
    .find((name) => SKIPS.has(name))
}

/** The first argument of a call as text, with an ellipsis for what is put in; null when it is no text. */
function titleOf(node: SyntaxNode): string | null {
  const first = Array.isArray(node['arguments']) ? (node['arguments'] as readonly SyntaxNode[])[0] : undefined
  if (first?.type === 'Literal' && typeof first['value'] === 'string') return first['value']
  if (first?.type !== 'TemplateLiteral') return null
  return (first['quasis'] as readonly SyntaxNode[]).map(({ value }) => (value as { cooked: string }).cooked).join('…')
}

/** The first argument of a call when it is a name. */
function nameOf(node: SyntaxNode): string {
  const first = Array.isArray(node['arguments']) ? (node['arguments'] as readonly SyntaxNode[])[0] : undefined
  return String(first?.['name'])
}

function isSyntaxNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && typeof (value as { readonly type?: unknown }).type === 'string'
}

describe('a test that may be left out', () => {
  it('says why in its title', () => {
    const files = ['test', 'src/testing'].flatMap((folder) =>
      readdirSync(join(packageRoot, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
        .map((entry) => join(entry.parentPath, entry.name).slice(packageRoot.length).replaceAll('\\', '/'))
        .filter((path) => !path.includes('/.generated/')),
    )
    expect(files.length).toBeGreaterThan(100)
    expect(files.flatMap((path) => unexplained(path, readFileSync(join(packageRoot, path), 'utf8')))).toEqual([])
  })

  it.each([
    ["it.skip('a', () => 1)", 'it.skip a'],
    ["describe.skipIf(x)('a', () => 1)", 'describe.skipIf a'],
    ["it.runIf(x).each([1])('a %s', () => 1)", 'it.runIf a %s'],
    ["test.concurrent.skip.each([1])('a', () => 1)", 'test.skip a'],
    ["it.todo('a')", 'it.todo a'],
    ["it('a', { skip: true }, () => 1)", 'it.skip a'],
    ["it.each([1])('a', { skip: x }, () => 1)", 'it.skip a'],
    ['it.skip(name, body)', 'it.skip without a title that can be read here'],
    ['it.skip?.(`${name} (why)`, body)', 'it.skip … (why)'],
    ['const some = x ? it : it.skip', 'it.skip without a title that can be read here'],
    ["describe('a', () => { it.skip('b', () => 1) })", 'it.skip b'],
  ])('is found: %s', (text, what) => {
    expect(unexplained('a.test.ts', text)).toEqual([`a.test.ts:1 ${what}`])
  })

  it.each([
    "it.skip('a (needs a terminal)', () => 1)",
    "describe.skipIf(x)('a (needs a terminal)', () => 1)",
    "it.runIf(x).each([1])('%s (needs a terminal)', () => 1)",
    'it.skip?.(`${name} (known gap: ${gap})`, body)',
    "it('a', { timeout: 1 }, () => counts.skip(1))",
  ])('is not taken for one without a reason: %s', (text) => {
    expect(unexplained('a.test.ts', text)).toEqual([])
  })
})
