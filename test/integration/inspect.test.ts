import { describe, expect, it } from 'vitest'
import {
  createEngine,
  createRegistry,
  DagExecutor,
  inspect,
  memoryStore,
  parseWorkflow,
  serialize,
  sleep,
  waitForSignal,
  why,
  workflow,
} from '../../src/index.ts'
import { ManualClock } from '../helpers/manual-clock.ts'
import { deferred, guardRejections, recordingLogger, tick } from '../helpers/run-control.ts'

guardRejections()
const logger = recordingLogger()

describe('inspect', () => {
  it('says the same of an executor, an engine that runs it, and one that only reads it', async () => {
    const store = memoryStore()
    const clock = new ManualClock()
    const gate = deferred()
    const flow = workflow('w')
      .node('slow', () => gate.promise)
      .node('nap', sleep({ durationMs: 5_000 }))
      .node('after', ['slow', 'nap'], () => 1)
      .build()
    const engine = createEngine({ store, workflows: [flow], clock, logger })
    const { runId, executor, result } = await engine.start(flow)
    await tick()
    const live = executor.inspect()
    expect(live).toEqual(await engine.inspect(runId))
    expect(live.counts).toMatchObject({ running: 1, waiting: 1, pending: 1 })
    expect(live.nodes.map(({ waitsFor }) => waitsFor.kind)).toEqual(['handler', 'timer', 'upstreams'])
    // Another process reads the log; it holds no claim for that.
    expect(await createEngine({ store, workflows: [flow], clock }).inspect(runId)).toEqual(live)
    expect(inspect(executor)).toEqual(live)
    expect(await engine.why(runId, 'after')).toEqual(executor.why('after'))
    gate.resolve()
    await clock.drive(result)
    expect((await engine.inspect(runId)).nodes).toEqual([])
    await expect(engine.inspect('no run')).rejects.toMatchObject({ code: 'STORE_NOT_FOUND' })
    await expect(engine.why(runId, 'no node')).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
  })

  it('reads a document, and names the types its target has no handler for', () => {
    const flow = parseWorkflow({
      id: 'w',
      version: '1.0.0',
      nodes: [
        { id: 'a', type: 'mystery' },
        { id: 'b', type: 'mystery', data: 1 },
      ],
      edges: [{ source: 'a', target: 'b' }],
    })
    const registry = createRegistry().register('mystery', () => 1)
    const text = serialize(new DagExecutor(flow, { registry, logger }).saveSnapshot())
    expect(inspect(text, createRegistry()).nodes[0]!.waitsFor).toEqual({ kind: 'code', type: 'mystery' })
    expect(inspect(text, registry).nodes[0]!.waitsFor).toEqual({ kind: 'run', hold: 'pending' })
    expect(inspect(text).nodes[0]!.waitsFor).toEqual({ kind: 'run', hold: 'pending' })
    expect(why(text, 'b').chain.map(({ nodeId }) => nodeId)).toEqual(['b', 'a'])
  })

  it('names what a run that settled as waiting waits for', async () => {
    const flow = workflow('w')
      .node('ask', waitForSignal({ name: 'approve', schema: { type: 'boolean' } }))
      .node('b', ['ask'], () => 1)
      .build()
    const executor = new DagExecutor(flow, { logger })
    await executor.execute()
    const { sentence, nodes } = executor.inspect()
    expect(sentence).toBe('the run waits for a signal for "ask"')
    expect(nodes[0]!.waitsFor).toMatchObject({ kind: 'signal', name: 'approve', hasSchema: true })
    expect(executor.why('b').sentence).toContain('"ask" waits for the signal "approve"')
  })

  it('follows a run into the run a node is', async () => {
    const inner = workflow('inner')
      .node('ask', waitForSignal({ name: 'go' }))
      .node('end', ['ask'], () => 1)
      .build()
    const flow = workflow('outer')
      .node('first', () => 1)
      .workflow('part', ['first'], inner)
      .build()
    const executor = new DagExecutor(flow, { logger })
    await executor.execute()
    const { nodes, sentence } = executor.inspect()
    expect(sentence).toBe('the run waits for a signal for "part"')
    expect(nodes[0]!.waitsFor).toMatchObject({
      kind: 'nested',
      run: { nodes: [{ nodeId: 'ask', waitsFor: { kind: 'signal' } }, { nodeId: 'end' }] },
    })
    // A signal for another wait is not for it.
    const unfit = { nodes: [{ waitsFor: { kind: 'signal', fitting: 0, unfit: 0 } }, {}] }
    expect(nodes[0]!.waitsFor).toMatchObject({ run: unfit })
    await executor.signal('go', 1)
    const fitting = { nodes: [{ waitsFor: { kind: 'signal', fitting: 1, unfit: 0 } }, {}] }
    expect(executor.inspect().nodes[0]!.waitsFor).toMatchObject({ run: fitting })
    expect(executor.why(['part', 'end']).chain.map(({ nodeId }) => nodeId)).toEqual(['end', 'ask'])
    expect(() => executor.why(['first', 'end'])).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID' }))
  })
})
