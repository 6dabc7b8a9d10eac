import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DagExecutor } from '../../src/engine/dag-executor.ts'
import { createEngine } from '../../src/engine/engine.ts'
import type { RunEvent } from '../../src/run/event.ts'
import { parseEvent } from '../../src/run/event-text.ts'
import { fold } from '../../src/run/fold.ts'
import { takeSnapshot } from '../../src/snapshot/snapshot.ts'
import { memoryStore } from '../../src/store/memory/index.ts'
import { createWorkflow } from '../../src/workflow/create-workflow.ts'
import type { NodeContext } from '../../src/workflow/handler.ts'
import { count } from '../helpers/count.ts'
import { ManualClock } from '../helpers/manual-clock.ts'
import { runs } from '../helpers/property.ts'

describe('the fold of the events', () => {
  it('is the live state after every event, through the text of a store', async () => {
    let states = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            back: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
            fails: fc.nat({ max: 3 }),
            value: fc.nat(),
          }),
          {
            minLength: 1,
            maxLength: 12,
          },
        ),
        async (specs) => {
          const clock = new ManualClock()
          const nodes = specs.map(({ fails, value }, index) => ({
            id: `n${index}`,
            type: 'step',
            data: { fails, value },
            retry: { maximumAttempts: 3, initialIntervalMs: 10 },
            onError: 'continue',
          }))
          const edges = specs.flatMap(({ back }, index) =>
            [...new Set(back)]
              .filter((step) => index >= step)
              .map((step) => ({ source: `n${index - step}`, target: `n${index}` })),
          )
          const step = async (_inputs: unknown, ctx: NodeContext) => {
            const { fails, value } = ctx.data as { readonly fails: number; readonly value: number }
            ctx.counters.add('calls')
            ctx.accumulators.append('values', new Date(value))
            if (ctx.attempt <= fails) throw new Error('planned')
            return { value, at: new Date(value) }
          }
          const flow = createWorkflow({ id: 'fold', version: '1.0.0', nodes, edges }, { handlers: { step } })
          const store = memoryStore()
          const engine = createEngine({ store, workflows: [flow], clock })
          const { executor, result, runId } = await engine.start(flow, { at: new Date(1) })
          const live: string[] = []
          const text = (target: DagExecutor) =>
            JSON.stringify({ ...target.saveSnapshot().document, snapshotTime: 0, integrity: 0 })
          // State runs ahead of the log by what is being appended, so it is compared at the end of each append.
          executor.on('*', ({ seq }) => {
            if (executor.saveSnapshot().run.head.seq === seq) live[seq] = text(executor as DagExecutor)
          })
          await clock.drive(result)
          const events: RunEvent[] = []
          for await (const stored of store.events(runId)) events.push(parseEvent(stored.text))
          events.forEach((event, index) => {
            const expected = live[event.seq]
            if (expected === undefined) return
            states += 1
            const { state } = fold(flow.graph, events.slice(0, index + 1))
            const folded = takeSnapshot(state, clock.now(), { epoch: 1 }).document
            const { run: liveRun, nodes: liveNodes, ...liveRest } = JSON.parse(expected)
            const {
              run,
              nodes: foldedNodes,
              ...rest
            } = JSON.parse(JSON.stringify({ ...folded, snapshotTime: 0, integrity: 0 }))
            expect(withoutClock(rest)).toEqual(withoutClock(liveRest))
            expect(withoutClock(foldedNodes)).toEqual(withoutClock(liveNodes))
            expect({ ...run, activeMs: 0 }).toEqual({ ...liveRun, activeMs: 0 })
          })
        },
      ),
      runs('histories folded', 200),
    )
    count('states compared with their fold', states)
  })
})

/** Without what depends on the moment a snapshot is taken. */
function withoutClock(tree: unknown): unknown {
  return JSON.parse(JSON.stringify(tree, (key, value: unknown) => (key === 'remainingMs' ? 0 : value)))
}
