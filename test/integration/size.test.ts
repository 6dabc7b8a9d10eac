import { describe, expect, it } from 'vitest'
import { dictionary } from '../../src/base/json.ts'
import { DagExecutor } from '../../src/engine/dag-executor.ts'
import { loadSnapshot } from '../../src/engine/load.ts'
import { decide } from '../../src/run/decide.ts'
import { isRejection } from '../../src/run/decision.ts'
import { nextDueAt, plan } from '../../src/run/plan.ts'
import { reduce } from '../../src/run/reduce.ts'
import { planResume } from '../../src/run/resume-plan.ts'
import { createRun, pendingState, type Run } from '../../src/run/run.ts'
import { createWorkflow } from '../../src/workflow/create-workflow.ts'
import type { TriggerRule } from '../../src/workflow/definition.ts'
import { buildGraph, type Graph } from '../../src/workflow/graph.ts'
import { parseDefinition } from '../../src/workflow/parse.ts'
import { count } from '../helpers/count.ts'

/** Every read of the graph's arrays and of node states, counted. */
function counted(run: Run): { readonly run: Run; reads: number } {
  const counter = { run, reads: 0 }
  const watch = <T extends object>(list: T): T =>
    new Proxy(list, {
      get(target, key): unknown {
        counter.reads += 1
        const member: unknown = Reflect.get(target, key)
        return typeof member === 'function' ? member.bind(target) : member
      },
    })
  const { graph, state } = run
  const watched: Graph = {
    ...graph,
    nodes: watch(graph.nodes as object) as Graph['nodes'],
    edgeTarget: watch(graph.edgeTarget),
    edgeSource: watch(graph.edgeSource),
    outStart: watch(graph.outStart),
    outEdges: watch(graph.outEdges),
    inStart: watch(graph.inStart),
    inEdges: watch(graph.inEdges),
    isConditional: watch(graph.isConditional),
    isStandIn: watch(graph.isStandIn),
  }
  counter.run = createRun(watched, { ...state, nodes: watch(state.nodes) })
  return counter
}

type Ends = readonly (readonly [number, number])[]

/** Graphs of about so many nodes, of which the edges grow with the nodes. */
const shapes: Readonly<Record<string, (size: number) => { readonly nodes: number; readonly edges: Ends }>> = {
  chain: (size) => ({ nodes: size, edges: range(size - 1).map((index) => [index, index + 1]) }),
  'chain, against the definition order': (size) => ({
    nodes: size,
    edges: range(size - 1).map((index) => [index + 1, index]),
  }),
  fan: (size) => ({
    nodes: size,
    edges: range(size - 2).flatMap((index) => [[0, index + 2] as const, [index + 2, 1] as const]),
  }),
  layers: (size) => ({
    nodes: size,
    edges: range(size - 10).flatMap((index) =>
      range(3).map((step) => [index, Math.floor(index / 10) * 10 + 10 + step] as const),
    ),
  }),
  'nodes alone': (size) => ({ nodes: size, edges: [] }),
}

function range(count: number): number[] {
  return Array.from({ length: Math.max(0, count) }, (_, index) => index)
}

/** Steps for each node and edge of a run that fails once in a while, is cut off, resumed, and carried to its end. */
function stepsEach(shape: string, size: number, trigger: TriggerRule, concurrency: number): number {
  const { nodes, edges } = shapes[shape]!(size)
  const retry = { maximumAttempts: 2, initialIntervalMs: 1 }
  const definition = parseDefinition({
    id: 'w',
    nodes: range(nodes).map((index) => ({ id: `n${index}`, type: 'step', trigger, retry })),
    edges: edges.map(([source, target]) => ({ source: `n${source}`, target: `n${target}` })),
  })
  const plain = createRun(buildGraph(definition), pendingState({ runId: 'r', workflow: definition, fingerprint: 'f' }))
  plain.state.config = { ...plain.state.config, concurrency }
  const counter = counted(plain)
  const { run } = counter
  let at = 0
  const running: number[] = []
  const send = (command: Parameters<typeof decide>[1]) => {
    const decision = decide(run, command, at)
    if (isRejection(decision)) throw new Error(decision.message)
    for (const event of decision) reduce(run, event)
  }
  send({ type: 'run.start', seed: 1 })
  for (let round = 0; run.state.status === 'running'; round += 1) {
    for (let next = plan(run, at); next !== null; next = plan(run, at)) {
      if (next.type === 'wait.end' || next.type === 'items.end' || next.type === 'child.end')
        throw new Error('nothing waits here')
      if (next.type === 'node.start') running.push(next.index)
      send(next)
    }
    if (round === 2) {
      send({ type: 'run.resume' })
      planResume(run.graph, run.state)
      running.length = 0
      continue
    }
    const index = running.pop()
    if (index === undefined) at = nextDueAt(run) ?? at
    else {
      const { attempt } = run.state.nodes[index]!
      if (index % 7 === 3 && attempt === 1)
        send({ type: 'node.fail', index, attempt, error: { name: 'E', message: 'm' }, retryable: true })
      else send({ type: 'node.complete', index, attempt, output: null, writes: null, decisions: dictionary() })
    }
  }
  expect(run.state.completed).toHaveLength(nodes)
  return counter.reads / (nodes + edges.length)
}

describe('cost follows the work', () => {
  it.each(
    Object.keys(shapes).flatMap((shape) =>
      (['all', 'any', 'allDone', 'noneFailed'] as const).map((trigger) => [shape, trigger] as const),
    ),
  )('%s, rule %s: as many steps a node and edge for 16,000 nodes as for 1,000', (shape, trigger) => {
    for (const concurrency of [1, 16, 1e6]) {
      const few = stepsEach(shape, 1_000, trigger, concurrency)
      const many = stepsEach(shape, 16_000, trigger, concurrency)
      expect(many).toBeLessThan(few * 1.2 + 1)
    }
  })
})

describe('size', () => {
  const sum = (inputs: Readonly<Record<string, number>>) => Object.values(inputs).reduce((total, one) => total + one, 0)

  async function run(nodeCount: number, edges: readonly { readonly source: string; readonly target: string }[]) {
    const nodes = range(nodeCount).map((index) => ({ id: `n${index}`, type: 'step' }))
    let calls = 0
    const step = (inputs: Readonly<Record<string, number>>) => {
      calls += 1
      return Object.keys(inputs).length === 0 ? 1 : sum(inputs)
    }
    const flow = createWorkflow({ id: 'size', version: '1.0.0', nodes, edges }, { handlers: { step } })
    const executor = new DagExecutor(flow)
    let half: ReturnType<typeof executor.saveSnapshot> | null = null
    executor.on('node.completed', ({ seq }) => {
      if (seq > nodeCount) half ??= executor.saveSnapshot()
    })
    const { status, output } = await executor.execute()
    expect([status, calls]).toEqual(['completed', nodeCount])
    const before = half!.completedNodes.length
    const resumed = await loadSnapshot(half!, flow).execute()
    expect(resumed.status).toBe('completed')
    expect(resumed.output).toEqual(output)
    expect(calls).toBe(nodeCount + nodeCount - before)
    count('nodes of large runs', calls)
    return output
  }

  it('a chain of 100,000 nodes', async () => {
    expect(
      await run(
        100_000,
        range(99_999).map((index) => ({ source: `n${index}`, target: `n${index + 1}` })),
      ),
    ).toBe(1)
  })

  it('a fan of 100,000 nodes, out and in', async () => {
    const edges = range(99_998).flatMap((index) => [
      { source: 'n0', target: `n${index + 2}` },
      { source: `n${index + 2}`, target: 'n1' },
    ])
    expect(await run(100_000, edges)).toBe(99_998)
  })

  it('two layers of 300 nodes, each with all of the other: 90,000 edges', async () => {
    const edges = range(300).flatMap((from) => range(300).map((to) => ({ source: `n${from}`, target: `n${300 + to}` })))
    const output = await run(600, edges)
    expect(Object.values(output as Record<string, number>)).toEqual(range(300).map(() => 300))
  })

  it('100,000 failures that are borne, and 100,000 skips', async () => {
    const nodes = range(100_001).map((index) => ({
      id: `n${index}`,
      type: index % 2 === 0 ? 'fail' : 'step',
      onError: 'continue',
    }))
    const edges = range(100_000).map((index) => ({ source: `n${index}`, target: `n${index + 1}` }))
    const fail = () => {
      throw new Error('planned')
    }
    const flow = createWorkflow({ id: 'size', version: '1.0.0', nodes, edges }, { handlers: { step: () => 1, fail } })
    const executor = new DagExecutor(flow)
    expect(await executor.execute()).toMatchObject({ status: 'completed', results: {}, output: null })
    const wide = createWorkflow(
      { id: 'wide', version: '1.0.0', nodes, edges: [] },
      { handlers: { step: () => 1, fail } },
    )
    expect((await new DagExecutor(wide, { concurrency: 1e6 }).execute()).status).toBe('completed')
  })
})
