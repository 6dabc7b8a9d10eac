import { describe, expect, it } from 'vitest'
import { pendingState } from '../../../src/run/run.ts'
import { deserialize } from '../../../src/snapshot/deserialize.ts'
import { serialize } from '../../../src/snapshot/serialize.ts'
import { takeSnapshot } from '../../../src/snapshot/snapshot.ts'
import { copyJson } from '../../../src/workflow/copy-json.ts'
import { parseDefinition } from '../../../src/workflow/parse.ts'
import { AT } from '../snapshot/sample.ts'

/** Objects one within the other, each under the same name. */
const nested = (levels: number, name: string): unknown =>
  JSON.parse(`${`{${JSON.stringify(name)}:`.repeat(levels)}1${'}'.repeat(levels)}`)

const problemsOf = (value: unknown) => copyJson(value).problems.map(({ code, path }) => ({ code, path }))

describe('a definition as a document has it', () => {
  it.each(['__proto__', 'x\ud800'])('is refused once names such as %j make it too deep, and loads before', (name) => {
    // Its nodes stand two levels down, and each of these objects takes three.
    const definition = (levels: number) => ({
      id: 'w',
      version: '1.0.0',
      nodes: [{ id: 'a', type: 't', data: nested(levels, name) }],
      edges: [],
    })
    const refused = 134
    expect(() => parseDefinition(definition(refused))).toThrow(expect.objectContaining({ code: 'WORKFLOW_SHAPE' }))
    const workflow = parseDefinition(definition(refused - 1))
    const text = serialize(takeSnapshot(pendingState({ runId: 'r', workflow, fingerprint: 'f'.repeat(64) }), AT))
    expect(JSON.stringify(deserialize(text).workflow)).toBe(JSON.stringify(workflow))
  })

  it('names the place that is too deep', () => {
    expect(problemsOf(nested(134, '__proto__'))).toEqual([])
    expect(problemsOf({ a: [nested(134, '__proto__')] })).toEqual([
      { code: 'WORKFLOW_SHAPE', path: `/a/0${'/__proto__'.repeat(133)}` },
    ])
    expect(problemsOf(nested(400, 'a'))).toEqual([])
    expect(problemsOf(nested(401, 'a'))).toEqual([{ code: 'WORKFLOW_SHAPE', path: '/a'.repeat(400) }])
  })

  it('has texts and names no longer than its reader takes', () => {
    expect(problemsOf({ ['n'.repeat(65_536)]: 1 })).toEqual([])
    expect(problemsOf({ a: { ['n'.repeat(65_537)]: 1 } })).toEqual([{ code: 'WORKFLOW_SHAPE', path: '/a' }])
    expect(problemsOf({ a: 'x'.repeat(32 * 1024 * 1024 + 1) })).toEqual([{ code: 'WORKFLOW_SHAPE', path: '/a' }])
  })

  it('has no more members and elements than its reader takes', () => {
    const numbers = new Array<number>(4_000_000).fill(0)
    expect(problemsOf({ numbers })).toEqual([{ code: 'WORKFLOW_SHAPE', path: '' }])
    expect(problemsOf({ numbers: numbers.slice(0, 3_900_000) })).toEqual([])
  })
})
