import { describe, expect, it } from 'vitest'
import { isWaystoneError } from '../../../src/base/errors.ts'
import { createWorkflow, missingPredicates } from '../../../src/workflow/create-workflow.ts'
import { parseWorkflow } from '../../../src/workflow/parse.ts'

const withCode = (code: Parameters<typeof isWaystoneError>[1]) =>
  expect.toSatisfy((error) => isWaystoneError(error, code))
const nodes = [
  { id: 'a', type: 't' },
  { id: 'b', type: 't' },
]
const guarded = { id: 'w', nodes, edges: [{ source: 'a', target: 'b', condition: { kind: 'function' } }] }

describe('createWorkflow', () => {
  it('joins a definition with handlers and edge functions, from maps or objects', () => {
    const t = () => 1
    const when = () => true
    for (const created of [
      createWorkflow(guarded, { handlers: { t }, predicates: { 'a->b': when } }),
      createWorkflow(JSON.stringify(guarded), { handlers: new Map([['t', t]]), predicates: new Map([['a->b', when]]) }),
    ]) {
      expect(created.handlers.get('t')).toBe(t)
      expect(created.predicates.get('a->b')).toBe(when)
      expect(created.handlers.get('toString')).toBeUndefined()
    }
  })

  it('checks the definition like parseWorkflow', () => {
    expect(() => createWorkflow({ id: 'w', nodes: [nodes[0], nodes[0]] })).toThrow(withCode('WORKFLOW_DUPLICATE_NODE'))
  })

  it('refuses an edge function that is missing or belongs to no such edge', () => {
    expect(() => createWorkflow(guarded)).toThrow(withCode('WORKFLOW_BAD_CONDITION'))
    expect(() => createWorkflow({ id: 'w', nodes }, { predicates: { 'a->b': () => true } })).toThrow(
      withCode('WORKFLOW_BAD_CONDITION'),
    )
    expect(missingPredicates(parseWorkflow(guarded).graph, new Map())).toEqual(['a->b'])
  })

  it('refuses handlers that are no functions', () => {
    expect(() => createWorkflow({ id: 'w' }, { handlers: { t: 1 as unknown as () => 1 } })).toThrow(
      withCode('ARGUMENT_INVALID'),
    )
  })
})
