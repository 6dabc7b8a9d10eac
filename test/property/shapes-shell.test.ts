import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DagExecutor } from '../../src/engine/dag-executor.ts'
import { createEngine } from '../../src/engine/engine.ts'
import type { RunEvent } from '../../src/run/event.ts'
import { eventText, parseEvent } from '../../src/run/event-text.ts'
import { FactBatch } from '../../src/run/fact-batch.ts'
import { fold } from '../../src/run/fold.ts'
import { takeSnapshot } from '../../src/snapshot/snapshot.ts'
import { memoryDriver } from '../../src/store/memory/index.ts'
import { createStore } from '../../src/store/store.ts'
import { count } from '../helpers/count.ts'
import { ManualClock } from '../helpers/manual-clock.ts'
import { runs } from '../helpers/property.ts'
import { newShapeWorld, shapeSpecs, shapesWorkflow } from './random-shapes.ts'

/** What happens to a run from outside, after so many events. */
const interference = fc.record({
  after: fc.integer({ min: 1, max: 60 }),
  what: fc.constantFrom('pause', 'pause', 'signal', 'signal', 'signal', 'cancel'),
})

describe('a run of every shape, with its handlers', () => {
  it('comes to an end, makes each effect once, keeps its concurrency, and is the fold of its log', async () => {
    let states = 0
    let effects = 0
    let frozen = 0
    const ends = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(
        shapeSpecs(['step', 'sleep', 'ask', 'race', 'map', 'run']),
        fc.array(interference, { maxLength: 4 }),
        fc.constantFrom(1, 2, 16),
        fc.constantFrom(null, null, null, 12),
        async (specs, plans, concurrency, maxNodeExecutions) => {
          const clock = new ManualClock()
          const world = newShapeWorld()
          const { flow, registry } = shapesWorkflow(specs, world)
          // Facts are put into words at once here, and by the store when its events are read: nothing changes them between.
          const told: string[] = []
          const driver = memoryDriver()
          const append = driver.append.bind(driver)
          driver.append = (runId, expectation, batch) => {
            for (const { text } of batch.events) told.push(text)
            // What is kept is never changed: who does so from here on throws.
            const facts = FactBatch.factsOf(batch) ?? []
            for (const fact of facts) frozen += freezeDeep(fact)
            return append(runId, expectation, batch)
          }
          const store = createStore(driver)
          const engine = createEngine({ store, workflows: [flow], registry, clock })
          const live: string[] = []
          const watch = (executor: DagExecutor) =>
            // State runs ahead of the log by what is being appended, so it is compared at the end of each append.
            executor.on('*', ({ seq }) => {
              if (executor.saveSnapshot().run.head.seq === seq) live[seq] = textOf(executor.saveSnapshot().document)
              for (const { after, what } of plans) if (after === seq) interfere(executor, what)
            })
          const options = { concurrency, limits: { maxNodeExecutions } }
          const started = await engine.start(flow, undefined, { runId: 'r', ...options })
          watch(started.executor as DagExecutor)
          let result = await driven(clock, started.result)
          // A run that was paused, waits, or has failed goes on; it may come to that again.
          for (let resumes = 0; resumes < 12 && isOpen(result.status); resumes += 1) {
            clock.advance(30)
            const resumed = await engine.resume('r')
            watch(resumed.executor as DagExecutor)
            result = await driven(clock, resumed.result)
          }
          expect(['running', 'pending']).not.toContain(result.status)
          ends.set(result.status, (ends.get(result.status) ?? 0) + 1)
          expect(world.most).toBeLessThanOrEqual(concurrency)
          for (const [key, times] of world.effects) expect([key, times]).toEqual([key, 1])
          effects += world.effects.size
          const events: RunEvent[] = []
          for await (const { text } of store.events('r')) {
            events.push(parseEvent(text))
            expect(eventText(events.at(-1)!)).toBe(text)
            expect(text).toBe(told[events.length - 1])
          }
          expect(events).toHaveLength(told.length)
          events.forEach((event, index) => {
            const expected = live[event.seq]
            if (expected === undefined) return
            states += 1
            const { state } = fold(flow.graph, events.slice(0, index + 1))
            expect(comparable(textOf(takeSnapshot(state, clock.now()).document))).toEqual(comparable(expected))
          })
        },
      ),
      runs('runs of every shape with handlers', 300),
    )
    count('states of every shape compared with their fold', states)
    count('effects of every shape', effects)
    count('parts of facts frozen', frozen)
    for (const [status, times] of ends) count(`runs of every shape that ended ${status}`, times)
  })
})

/** Freezes a fact and all that hangs on it; how many objects it froze. */
function freezeDeep(fact: RunEvent): number {
  const left: object[] = [fact]
  let count = 0
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (Object.isFrozen(next)) continue
    Object.freeze(next)
    count += 1
    for (const part of Object.values(next)) if (typeof part === 'object' && part !== null) left.push(part)
  }
  return count
}

function isOpen(status: string): boolean {
  return status !== 'completed' && status !== 'canceled'
}

function interfere(executor: DagExecutor, what: string): void {
  if (executor.status !== 'running') return
  if (what === 'pause') void executor.pause({ deadlineMs: 5 })
  else if (what === 'signal') void executor.signal('race', new Map([[1, new Date(2)]]))
  else void executor.cancel('enough')
}

/** Moves time on until a promise settles; one that never will, with no timer left, is a run that hangs. */
async function driven<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  let isOver = false
  const over = work.finally(() => {
    isOver = true
  })
  over.catch(() => undefined)
  for (let idle = 0; !isOver; ) {
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    if (isOver) break
    idle = clock.next() ? 0 : idle + 1
    if (idle > 20) throw new Error('the run hangs')
  }
  return over
}

function textOf(document: object): string {
  return JSON.stringify({ ...document, snapshotTime: 0, integrity: 0 })
}

/** Without what depends on the moment a snapshot is taken, or on who holds the run. */
function comparable(text: string): unknown {
  return JSON.parse(text, (key, value: unknown) =>
    ['remainingMs', 'remainingTtlMs', 'activeMs', 'epoch'].includes(key) ? 0 : value,
  )
}
