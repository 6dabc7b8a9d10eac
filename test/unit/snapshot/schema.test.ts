import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { isWaystoneError } from '../../../src/base/errors.ts'
import { deserialize } from '../../../src/snapshot/deserialize.ts'
import { fitsSnapshotSchema } from '../../../src/snapshot/schema-fit.ts'
import { schemaProblems } from '../../../src/snapshot/schema-problems.ts'
import { takeSnapshot } from '../../../src/snapshot/snapshot.ts'
import { sealed } from '../../helpers/seal.ts'
import { AT, sampleState } from './sample.ts'

type Tree = Record<string, unknown>
const root = new URL('../../../', import.meta.url)
const schema = (name: string) =>
  JSON.parse(readFileSync(new URL(`schemas/${name}.schema.json`, root), 'utf8')) as object
const sample = takeSnapshot(sampleState(), AT).compactText()
const document = () => JSON.parse(sample) as Tree

/** What may stand in place of any member. */
const strangers: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e9,
  '',
  'x',
  '2026-01-02T03:04:05Z',
  [],
  [1],
  ['x'],
  {},
  { a: 1 },
  { '#type': 'Object', entries: [] },
  { '#type': 'number', value: '-0' },
  { toString: 1 },
]

describe('the published schema', () => {
  it('is what the text of the readers was made from', () => {
    const script = fileURLToPath(new URL('scripts/generate-schemas.mjs', root))
    const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' })
    expect(stderr).toBe('')
    expect(status).toBe(0)
  })

  it('fits every member replaced or left out alike in Ajv, in the quick check and in the list of problems', () => {
    const ajv = new Ajv2020({
      ownProperties: true,
      strict: false,
      validateFormats: false,
      unicode: false,
      logger: false,
    })
    ajv.addSchema(schema('workflow-1.1.0'))
    const published = ajv.compile(schema('snapshot-1.1.0'))
    let cases = 0
    const compare = (candidate: unknown, what: string) => {
      const expected = published(candidate)
      const fits = fitsSnapshotSchema(candidate)
      const problems = schemaProblems(candidate, 100)
      // Thousands of cases: an expectation for each would take most of the time.
      if (fits !== expected || (problems.length === 0) !== expected) expect({ what, fits, problems }).toBe(expected)
      cases += 1
    }
    for (const path of paths(document())) {
      for (const stranger of [undefined, ...strangers]) {
        const changed = document()
        const owner = path.slice(0, -1).reduce((tree, key) => tree[key] as Tree, changed)
        const key = path.at(-1)!
        if (stranger === undefined) delete owner[key]
        else owner[key] = structuredClone(stranger)
        compare(changed, `${path.join('/')} = ${JSON.stringify(stranger)}`)
      }
    }
    for (const stranger of strangers) compare(stranger, JSON.stringify(stranger))
    expect(cases).toBeGreaterThan(1000)
  }, 30_000)

  it('names every violation with its place', () => {
    const changed = document() as { run: Tree; nodes: Tree; timers: Tree[]; completedNodes: unknown[]; counters: Tree }
    changed.run['status'] = 'asleep'
    changed.completedNodes.push(5)
    changed.timers[0]!['dueAt'] = 'tomorrow'
    changed.counters['a/b~c'] = 'many'
    const problems = problemsOf(sealed(changed))
    expect(problems.map(({ path }) => path).sort()).toEqual([
      '/completedNodes/4',
      '/counters/a~1b~0c',
      '/run/status',
      '/timers/0/dueAt',
    ])
    for (const { message } of problems) expect(message).toMatch(/^expected .*, got /)
  })

  it('names no more than a hundred of very many', () => {
    const changed = document() as { completedNodes: unknown[] }
    changed.completedNodes = Array.from({ length: 100_000 }, (_, index) => index)
    expect(problemsOf(sealed(changed)).length).toBe(100)
  })
})

function problemsOf(text: string): readonly { readonly path: string; readonly message: string }[] {
  try {
    deserialize(text)
  } catch (error) {
    if (isWaystoneError(error)) return error.details['problems'] as never
  }
  throw new Error('nothing was refused')
}

/** Paths of all members, user values and definitions not entered deeply. */
function paths(tree: Tree, above: readonly string[] = []): string[][] {
  return Object.keys(tree).flatMap((key) => {
    const path = [...above, key]
    const member = tree[key]
    const isOpen =
      typeof member === 'object' &&
      member !== null &&
      path.length < 5 &&
      above[0] !== 'results' &&
      above[0] !== 'variables'
    return [path, ...(isOpen ? paths(member as Tree, path) : [])]
  })
}
