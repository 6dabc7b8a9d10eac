import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/engine.ts'
import { createRegistry } from '../../src/nodes/registry.ts'
import { memoryStore } from '../../src/store/memory/memory-driver.ts'
import { crashingStore } from '../../src/testing/crashing-store.ts'
import type { NodeContext } from '../../src/workflow/handler.ts'
import { parseWorkflow } from '../../src/workflow/parse.ts'
import { ManualClock } from '../helpers/manual-clock.ts'
import { runs } from '../helpers/property.ts'
import { recordingLogger, tick } from '../helpers/run-control.ts'

/** A node; with `inside` it is a run of those. */
interface Spec {
  readonly back: readonly number[]
  readonly turns: number
  readonly fails: boolean
  /** Attempts at its compensation that fail; 9: all, null: it has none. */
  readonly undo: 0 | 1 | 9 | null
  readonly inside: readonly Spec[]
}

const leaf = {
  back: fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { maxLength: 2 }),
  turns: fc.constantFrom(0, 0, 1, 2),
  fails: fc.constantFrom(false, false, false, false, true),
  undo: fc.constantFrom(0, 0, 0, 1, 9, null),
}
const inner: fc.Arbitrary<Spec> = fc.record({ ...leaf, inside: fc.constant([]) })
const spec: fc.Arbitrary<Spec> = fc.record({
  ...leaf,
  inside: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(inner, { minLength: 1, maxLength: 4 }) },
  ),
})

const edgesOf = (specs: readonly Spec[]) =>
  specs.flatMap(({ back }, index) =>
    back.filter((far) => index >= far).map((far) => ({ source: `n${index - far}`, target: `n${index}` })),
  )

function definition(id: string, specs: readonly Spec[]): object {
  const nodes = specs.map(({ turns, fails, undo, inside }, index) => ({
    id: `n${index}`,
    type: 'step',
    data: { turns, fails },
    retry: { maximumAttempts: inside.length > 0 ? 1 : 2, initialIntervalMs: 1 },
    ...(undo === null ? {} : { compensation: { type: 'undo', data: undo } }),
    ...(inside.length === 0 ? {} : { nested: { workflow: definition(`${id}/n${index}`, inside) } }),
  }))
  return { id, version: '1.0.0', nodes, edges: edgesOf(specs) }
}

/** All nodes that lead to a node, or follow it. */
function reach(specs: readonly Spec[], from: number, end: 'source' | 'target'): ReadonlySet<string> {
  const found = new Set([`n${from}`])
  const other = end === 'source' ? 'target' : 'source'
  const edges = edgesOf(specs)
  for (const id of found) for (const edge of edges) if (edge[other] === id) found.add(edge[end])
  found.delete(`n${from}`)
  return found
}

describe('a run that fails undoes what it did', () => {
  it('in the reverse order of completion, each once, across a crash anywhere', async () => {
    let undone = 0
    let nested = 0
    let crashes = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(spec, { minLength: 2, maxLength: 7 }),
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        fc.constantFrom(1, 3),
        async (specs, atAppend, isRecorded, concurrency) => {
          const calls = new Map<string, number>()
          const registry = createRegistry()
            .register('step', async (_, ctx: NodeContext) => {
              const { turns, fails } = ctx.data as { turns: number; fails: boolean }
              for (let turn = 0; turn < turns; turn += 1) await tick()
              if (fails) throw new Error('planned')
              return ctx.nodeId
            })
            .register('undo', async (given, ctx: NodeContext) => {
              calls.set(ctx.idempotencyKey, (calls.get(ctx.idempotencyKey) ?? 0) + 1)
              await tick()
              if (ctx.attempt <= (ctx.data as number)) throw new Error('planned')
              return given
            })
          const flow = parseWorkflow(
            definition('random', [...specs, { back: [1, 2, 3], turns: 0, fails: true, undo: null, inside: [] }]),
          )
          const store = memoryStore()
          const clock = new ManualClock()
          const options = {
            workflows: [flow],
            registry,
            clock,
            concurrency,
            compensateOn: ['failure'],
            logger: recordingLogger(),
          } as const
          const dying = createEngine({ store: crashingStore(store, { atAppend, isRecorded }), ...options })
          const died = await clock.drive(
            dying
              .start(flow, undefined, { runId: 'r' })
              .then(({ result }) => result)
              .then(
                () => false,
                () => true,
              ),
          )
          if ((await store.get('r')) === null) return
          const next = createEngine({ store, ...options })
          const { status, error } = await clock.drive(next.resume('r').then(({ result }) => result))
          if (died) crashes += 1

          const completed = new Map<string, string[]>()
          const order: { readonly path: string; readonly id: string }[] = []
          const started = new Map<string, number>()
          let failed = 0
          for await (const { text } of store.events('r')) {
            const {
              type,
              path = [],
              data,
            } = JSON.parse(text) as { type: string; path?: string[]; data: { nodeId: string } }
            const level = path.join('/')
            const inSpecs = path.length === 0 ? specs : specs[Number(path[0]!.slice(1))]!.inside
            const own = inSpecs[Number(data.nodeId?.slice(1))]
            if (type === 'node.completed' && own?.undo !== null)
              completed.set(level, [...(completed.get(level) ?? []), data.nodeId])
            if (type === 'compensation.started')
              started.set(`${level} ${data.nodeId}`, (started.get(`${level} ${data.nodeId}`) ?? 0) + 1)
            if (type === 'compensation.failed') failed += 1
            if (type === 'compensation.completed' || type === 'compensation.failed')
              order.push({ path: level, id: data.nodeId })
          }
          // Of each run exactly the nodes that completed, the last first.
          for (const level of new Set([...completed.keys(), ...order.map(({ path }) => path)])) {
            expect(order.filter(({ path }) => path === level).map(({ id }) => id)).toEqual(
              (completed.get(level) ?? []).reverse(),
            )
          }
          // The nodes of a nested run come before whatever led to it, and after whatever followed it.
          const place = new Map(order.map(({ path, id }, at) => [`${path} ${id}`, at]))
          order.forEach(({ path }, at) => {
            if (path === '') return
            nested += 1
            for (const id of reach(specs, Number(path.slice(1)), 'source'))
              expect(place.get(` ${id}`) ?? at + 1).toBeGreaterThan(at)
            for (const id of reach(specs, Number(path.slice(1)), 'target'))
              expect(place.get(` ${id}`) ?? at - 1).toBeLessThan(at)
          })
          undone += order.length
          expect(status).toBe('failed')
          expect(
            (error as { details?: { compensationFailureCount?: number } }).details?.compensationFailureCount ?? 0,
          ).toBe(failed)
          // No call without a fact before it.
          let begun = 0
          for (const times of started.values()) begun += times
          let called = 0
          for (const times of calls.values()) called += times
          expect(called).toBeLessThanOrEqual(begun)
          await store.close()
        },
      ),
      runs('compensations', 1_000),
    )
    expect([undone, nested, crashes].every((times) => times > 0)).toBe(true)
  })
})
