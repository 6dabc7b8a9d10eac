import { describe, expect, it } from 'vitest'
import { compareWorkflows } from '../../../src/workflow/compare-workflows.ts'
import { workflowFingerprint } from '../../../src/workflow/fingerprint.ts'
import { parseWorkflow } from '../../../src/workflow/parse.ts'
import { MAX_NESTING } from '../../../src/workflow/rules/nested.ts'
import { validateDefinition } from '../../../src/workflow/validate.ts'

const flowOf = (node: object, more: readonly object[] = [], edges: readonly object[] = []) => ({
  id: 'w',
  version: '1.0.0',
  nodes: [{ id: 'a', type: 'step', ...node }, ...more],
  edges,
})

const inner = (type = 'step') => ({ id: 'inner', version: '1.0.0', nodes: [{ id: 'x', type }], edges: [] })

/** A workflow nested in itself so many levels deep. */
function nestedTo(levels: number): object {
  let flow: object = inner()
  for (let level = 0; level < levels; level += 1) flow = flowOf({ nested: { workflow: flow } })
  return flow
}

/** The problems of a node, as code and path. */
function problemsOf(node: object): readonly string[] {
  return validateDefinition(flowOf(node)).map(({ code, path }) => `${code} ${path}`)
}

describe('the rules of map, repeat and nested', () => {
  it.each<[object, readonly string[]]>([
    [{ map: {} }, []],
    [{ map: { items: '', key: '/id', concurrency: 1, onItemError: 'settle', maximumFailures: 0 } }, []],
    [{ map: { items: { kind: 'function' }, key: { kind: 'function' } } }, []],
    [{ map: null }, ['']],
    [{ map: [] }, ['']],
    [{ map: { items: 'orders' } }, ['/items']],
    [{ map: { items: '/a~2' } }, ['/items']],
    [{ map: { items: 5 } }, ['/items']],
    [{ map: { items: { kind: 'code' } } }, ['/items']],
    [{ map: { key: null } }, ['/key']],
    [{ map: { concurrency: 0 } }, ['/concurrency']],
    [{ map: { concurrency: 1.5 } }, ['/concurrency']],
    [{ map: { concurrency: '2' } }, ['/concurrency']],
    [{ map: { onItemError: 'toString' } }, ['/onItemError']],
    [{ map: { maximumFailures: -1 } }, ['/maximumFailures']],
    [{ map: { items: 5, key: 5 } }, ['/items', '/key']],
  ])('map: %j', (node, paths) => {
    expect(problemsOf(node)).toEqual(paths.map((path) => `WORKFLOW_BAD_MAP /nodes/0/map${path}`))
  })

  it.each<[object | null, readonly string[]]>([
    [{ until: { operator: 'truthy' }, maximumVisits: 1 }, []],
    [{ until: { kind: 'function' }, maximumVisits: 5, onLimit: 'complete' }, []],
    [null, ['']],
    [{}, ['/until', '/maximumVisits']],
    [{ until: { operator: 'truthy' }, maximumVisits: 0 }, ['/maximumVisits']],
    [{ until: { operator: 'truthy' }, maximumVisits: 2, onLimit: 'stop' }, ['/onLimit']],
  ])('repeat: %j', (repeat, paths) => {
    expect(problemsOf({ repeat })).toEqual(paths.map((path) => `WORKFLOW_BAD_REPEAT /nodes/0/repeat${path}`))
  })

  it('repeat: its test is a condition', () => {
    expect(problemsOf({ repeat: { until: { operator: 'near' }, maximumVisits: 2 } })).toEqual([
      expect.stringContaining('/nodes/0/repeat/until'),
    ])
  })

  it.each<[unknown, readonly string[]]>([
    [{ workflow: inner() }, []],
    [{ workflow: inner(), input: '/a' }, []],
    [{ workflow: inner(), input: { kind: 'function' } }, []],
    [null, ['']],
    [{}, ['/workflow']],
    [{ workflow: [] }, ['/workflow']],
    [{ workflow: inner(), input: 'a' }, ['/input']],
  ])('nested: %j', (nested, paths) => {
    expect(problemsOf({ nested })).toEqual(paths.map((path) => `WORKFLOW_BAD_NESTED /nodes/0/nested${path}`))
  })

  it('a node is one of them', () => {
    const repeat = { until: { operator: 'truthy' }, maximumVisits: 1 }
    expect(problemsOf({ map: {}, repeat })).toEqual(['WORKFLOW_BAD_MAP /nodes/0/map'])
    expect(problemsOf({ map: {}, nested: { workflow: inner() } })).toEqual(['WORKFLOW_BAD_NESTED /nodes/0/nested'])
    expect(problemsOf({ repeat, nested: { workflow: inner() } })).toEqual([])
  })

  it('a nested workflow keeps all rules, those of what is nested in it too', () => {
    const loop = { id: 'l', version: 'x', nodes: [{ id: 'y', type: 't' }], edges: [{ source: 'y', target: 'y' }] }
    const problems = validateDefinition(flowOf({ nested: { workflow: flowOf({ nested: { workflow: loop } }) } }))
    expect(problems.length).toBeGreaterThanOrEqual(2)
    for (const { path } of problems) expect(path).toMatch(/^\/nodes\/0\/nested\/workflow\/nodes\/0\/nested\/workflow\//)
  })

  it(`workflows are nested ${MAX_NESTING} deep at most`, () => {
    expect(validateDefinition(nestedTo(MAX_NESTING))).toEqual([])
    expect(validateDefinition(nestedTo(MAX_NESTING + 1)).map(({ code }) => code)).toEqual(['WORKFLOW_BAD_NESTED'])
  })
})

describe('fingerprint and comparison of map, repeat and nested', () => {
  const map = { items: '/l', key: '/id' }
  const repeat = { until: { operator: 'eq', value: 1 }, maximumVisits: 3 }
  it.each<[string, object, object, readonly string[]]>([
    ['no map and a map', {}, { map: {} }, ['map']],
    ['where the items come from', { map }, { map: { ...map, items: '/m' } }, ['map']],
    ['what tells items apart', { map }, { map: { ...map, key: { kind: 'function' } } }, ['map']],
    ['what a failed item is', { map }, { map: { ...map, onItemError: 'skip' } }, ['map']],
    ['how many may fail', { map }, { map: { ...map, maximumFailures: 0 } }, ['map']],
    ['how many run at once', { map }, { map: { ...map, concurrency: 3, onItemError: 'fail' } }, []],
    ['the test', { repeat }, { repeat: { ...repeat, until: { operator: 'eq', value: 2 } } }, ['repeat']],
    ['how often', { repeat }, { repeat: { ...repeat, maximumVisits: 4 } }, ['repeat']],
    ['what then', { repeat }, { repeat: { ...repeat, onLimit: 'complete' } }, ['repeat']],
    [
      'the default',
      { repeat },
      { repeat: { ...repeat, onLimit: 'fail', until: { path: '', operator: 'eq', value: 1 } } },
      [],
    ],
    ['what is nested', { nested: { workflow: inner() } }, { nested: { workflow: inner('other') } }, ['nested']],
    ['its input', { nested: { workflow: inner() } }, { nested: { workflow: inner(), input: '/a' } }, ['nested']],
    [
      'a setting of what is nested',
      { nested: { workflow: inner() } },
      { nested: { workflow: { ...inner(), nodes: [{ id: 'x', type: 'step', timeoutMs: 5 }] } } },
      [],
    ],
  ])('%s', (_, before, after, what) => {
    const [one, two] = [parseWorkflow(flowOf(before)), parseWorkflow(flowOf(after))]
    expect(compareWorkflows(one.graph, two.graph).flatMap((change) => change.what)).toEqual(what)
    expect(workflowFingerprint(one) === workflowFingerprint(two)).toBe(what.length === 0)
  })

  it('names each of them beside the upstreams', () => {
    const edge = { source: 'b', target: 'a' }
    const b = { id: 'b', type: 'step' }
    for (const [name, member] of Object.entries({ map, repeat, nested: { workflow: inner() } })) {
      const [one, two] = [parseWorkflow(flowOf({}, [b])), parseWorkflow(flowOf({ [name]: member }, [b], [edge]))]
      expect(compareWorkflows(one.graph, two.graph)).toEqual([
        { nodeId: 'a', change: 'changed', what: ['upstreams', name] },
      ])
    }
  })
})
