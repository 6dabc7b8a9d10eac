import { readdirSync, readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fitsSnapshotSchema } from '../../src/snapshot/schema-fit.ts'
import { schemaProblems } from '../../src/snapshot/schema-problems.ts'
import { count } from '../helpers/count.ts'
import { runs } from '../helpers/property.ts'

type Tree = Record<string, unknown>

const root = new URL('../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')
const schema = (name: string) => JSON.parse(read(`schemas/${name}.schema.json`)) as Tree

const ajv = new Ajv2020({ ownProperties: true, strict: false, validateFormats: false, unicode: false, logger: false })
ajv.addSchema(schema('workflow-1.1.0'))
const published = ajv.compile(schema('snapshot-1.1.0'))

const parsed = (folder: string) =>
  readdirSync(new URL(folder, root)).flatMap((name) => {
    try {
      return [JSON.parse(read(`${folder}${name}`)) as Tree]
    } catch {
      // Some broken documents are no JSON.
      return []
    }
  })
const good = parsed('fixtures/snapshots/1.1.0/')
const broken = parsed('fixtures/broken/')

/** Whether a document fits, once all three agree. */
function agreed(document: unknown): boolean {
  const expected = published(document)
  const fits = fitsSnapshotSchema(document)
  const problems = schemaProblems(document, 100)
  if (fits !== expected || (problems.length === 0) !== expected)
    throw new Error(`Ajv says ${expected}, the quick check ${fits}, the list ${JSON.stringify(problems)}`)
  return expected
}

/** Members of schemas by name and what they may hold, with what they may not. */
const strangers = fc.oneof(
  fc.constantFrom<unknown>(null, true, -1, 0, 1, 1.5, 2 ** 32, '', 'x', 'w1', 'f'.repeat(64), 'f'.repeat(65)),
  fc.constantFrom('2026-01-02T03:04:05Z', '2026-01-02T03:04:05.123456789+01:00', '2026-01-02 03:04:05Z'),
  fc.constantFrom('completed', 'failed', 'append', 'sum', 'signal', 'timer', 'function', 'truthy'),
  fc.constantFrom<unknown>([], [1], ['x'], {}, { kind: 'function' }, { type: 'x' }, { name: 'a', message: 'b' }),
  fc.constantFrom<unknown>(
    { '#type': 'Object', entries: [] },
    { '#type': 'Object', entries: [['a', 1]] },
    { '#type': 'Object', entries: [['a', 1, 2]] },
    { '#type': 'Object', entries: [[{ '#type': 'string', utf16: 'd800' }, true]] },
    { '#type': 'Object', entries: [], more: 1 },
    { '#type': 'number', value: '-0' },
    { '#type': 'string', utf16: 'd80' },
  ),
  fc.jsonValue({ maxDepth: 3 }),
)
const names = fc.constantFrom('#type', 'entries', 'toString', '__proto__', 'extra', 'wait', 'error', 'cause', 'items')

/** A change at the place that some numbers lead to: by member after member, for as long as there are any. */
const change = fc.record({
  path: fc.array(fc.nat(1000), { maxLength: 9 }),
  how: fc.constantFrom('replace', 'replace', 'remove', 'add', 'move', 'wrap'),
  stranger: strangers,
  name: names,
  other: fc.array(fc.nat(1000), { maxLength: 9 }),
})

function placeIn(document: Tree, path: readonly number[]): { readonly owner: Tree; readonly key: string } {
  let owner = document
  let key = keyAt(owner, path[0] ?? 0)
  for (const step of path.slice(1)) {
    const member = owner[key]
    if (typeof member !== 'object' || member === null || Object.keys(member).length === 0) break
    owner = member as Tree
    key = keyAt(owner, step)
  }
  return { owner, key }
}

function keyAt(tree: Tree, step: number): string {
  const keys = Object.keys(tree)
  return keys[step % keys.length] ?? 'none'
}

function apply(
  document: Tree,
  { path, how, stranger, name, other }: typeof change extends fc.Arbitrary<infer T> ? T : never,
) {
  if (Object.keys(document).length === 0) return
  const { owner, key } = placeIn(document, path)
  const set = (to: string, value: unknown) =>
    Object.defineProperty(owner, to, { value, enumerable: true, writable: true, configurable: true })
  switch (how) {
    case 'replace':
      return set(key, structuredClone(stranger))
    case 'remove':
      return Array.isArray(owner) ? owner.splice(Number(key), 1) : delete owner[key]
    case 'add':
      return Array.isArray(owner) ? owner.push(structuredClone(stranger)) : set(name, structuredClone(stranger))
    case 'move': {
      const from = placeIn(document, other)
      return set(key, structuredClone(from.owner[from.key] ?? null))
    }
    case 'wrap': {
      // As a map stands in tag form.
      const member = owner[key]
      const entries = typeof member === 'object' && member !== null ? Object.entries(member) : [[key, member]]
      return set(key, { '#type': 'Object', entries })
    }
  }
}

describe('the check of a document by the schema', () => {
  it('says of every document we keep what Ajv says', () => {
    const outcomes = [...good, ...broken].map(agreed)
    expect(outcomes.slice(0, good.length)).not.toContain(false)
    expect(new Set(outcomes).size).toBe(2)
  })

  it('says of changed documents what Ajv says', () => {
    let fitting = 0
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.array(change, { minLength: 1, maxLength: 3 }), (which, changes) => {
        const document = structuredClone(good[which]!)
        for (const each of changes) apply(document, each)
        if (agreed(document)) fitting += 1
      }),
      runs('changed documents beside Ajv', 10_000),
    )
    count('changed documents that fit beside Ajv', fitting)
  })
})
