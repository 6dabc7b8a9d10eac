import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isWaystoneError } from '../../src/base/errors.ts'
import type { DagExecutor } from '../../src/engine/dag-executor.ts'
import { createEngine } from '../../src/engine/engine.ts'
import type { Engine } from '../../src/engine/engine-interface.ts'
import type { RunEvent } from '../../src/run/event.ts'
import { eventText, parseEvent } from '../../src/run/event-text.ts'
import { fold } from '../../src/run/fold.ts'
import { takeSnapshot } from '../../src/snapshot/snapshot.ts'
import { memoryStore } from '../../src/store/memory/index.ts'
import { count } from '../helpers/count.ts'
import { ManualClock } from '../helpers/manual-clock.ts'
import { runs } from '../helpers/property.ts'
import { newWorld, nodeSpec, randomWorkflow } from './random-dag.ts'

/** What happens to a run from outside, after so many events. */
const interference = fc.record({
  after: fc.integer({ min: 1, max: 20 }),
  what: fc.constantFrom('pause' as const, 'pause' as const, 'signal' as const, 'cancel' as const),
})

/** What someone does to a run that does not execute, before it goes on. */
const operation = fc.record({
  what: fc.constantFrom('skip' as const, 'set' as const, 'edit' as const, 'nothing' as const),
  node: fc.nat(11),
})

describe('the fold of the events', () => {
  it('is the live state after every event, through the text of a store', async () => {
    let states = 0
    const types = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(
        fc.array(nodeSpec, { minLength: 1, maxLength: 12 }),
        fc.array(interference, { maxLength: 3 }),
        fc.array(operation, { minLength: 3, maxLength: 3 }),
        async (specs, plans, operations) => {
          const clock = new ManualClock()
          const flow = randomWorkflow(specs, newWorld())
          const store = memoryStore()
          const engine = createEngine({ store, workflows: [flow], clock })
          const live: string[] = []
          const text = (target: DagExecutor) =>
            JSON.stringify({ ...target.saveSnapshot().document, snapshotTime: 0, integrity: 0 })
          const watch = (executor: DagExecutor) =>
            // State runs ahead of the log by what is being appended, so it is compared at the end of each append.
            executor.on('*', ({ seq }) => {
              if (executor.saveSnapshot().run.head.seq === seq) live[seq] = text(executor)
              for (const { after, what } of plans) if (after === seq) interfere(executor, what)
            })
          const started = await engine.start(flow, { at: new Date(1) })
          const { runId } = started
          watch(started.executor as DagExecutor)
          await clock.drive(started.result)
          // A run that was paused, asks, or has failed goes on; it may come to that again.
          for (let resumes = 0; resumes < 3; resumes += 1) {
            await operate(engine, runId, operations[resumes]!)
            const resumed = await engine.resume(runId)
            watch(resumed.executor as DagExecutor)
            await clock.drive(resumed.result)
          }
          const events: RunEvent[] = []
          for await (const stored of store.events(runId)) {
            events.push(parseEvent(stored.text))
            expect(eventText(events.at(-1)!)).toBe(stored.text)
          }
          for (const type of new Set(events.map((event) => event.type))) types.set(type, (types.get(type) ?? 0) + 1)
          events.forEach((event, index) => {
            const expected = live[event.seq]
            if (expected === undefined) return
            states += 1
            const { state } = fold(flow.graph, events.slice(0, index + 1))
            const folded = takeSnapshot(state, clock.now()).document
            const { run: liveRun, nodes: liveNodes, ...liveRest } = JSON.parse(expected)
            const { run, nodes, ...rest } = JSON.parse(JSON.stringify({ ...folded, snapshotTime: 0, integrity: 0 }))
            expect(withoutClock(rest)).toEqual(withoutClock(liveRest))
            expect(withoutClock(nodes)).toEqual(withoutClock(liveNodes))
            expect({ ...run, activeMs: 0, epoch: 0 }).toEqual({ ...liveRun, activeMs: 0, epoch: 0 })
          })
        },
      ),
      runs('histories folded', 300),
    )
    count('states compared with their fold', states)
    for (const [type, histories] of [...types].sort()) count(`histories with ${type}`, histories)
  })
})

function interfere(executor: DagExecutor, what: 'pause' | 'signal' | 'cancel'): void {
  if (executor.status !== 'running') return
  if (what === 'pause') void executor.pause({ deadlineMs: 5 })
  else if (what === 'signal') void executor.signal('__proto__', new Map([[1, new Date(2)]]))
  else void executor.cancel('enough')
}

/** What does not fit the run, or the node, is refused. */
async function operate(
  engine: Engine,
  runId: string,
  { what, node }: { readonly what: 'skip' | 'set' | 'edit' | 'nothing'; readonly node: number },
): Promise<void> {
  const given = { value: node, from: [new Date(node)] }
  try {
    if (what === 'skip') await engine.skipNode(runId, `n${node}`, { by: 'ada' })
    else if (what === 'set') await engine.setResult(runId, `n${node}`, given, { why: '__proto__' })
    else if (what === 'edit') await engine.setVariable(runId, '__proto__', given)
  } catch (error) {
    if (!isWaystoneError(error, 'RUN_REJECTED') && !isWaystoneError(error, 'RUN_ENDED')) throw error
  }
}

/** Without what depends on the moment a snapshot is taken. */
function withoutClock(tree: unknown): unknown {
  return JSON.parse(
    JSON.stringify(tree, (key, value: unknown) => (key === 'remainingMs' || key === 'remainingTtlMs' ? 0 : value)),
  )
}
