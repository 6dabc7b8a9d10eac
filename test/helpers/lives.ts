import { expect } from 'vitest'
import { isWaystoneError } from '../../src/base/errors.ts'
import { createEngine } from '../../src/engine/engine.ts'
import type { RunHandle } from '../../src/engine/run-handle.ts'
import { idempotencyKey } from '../../src/nodes/idempotency-key.ts'
import type { Registry } from '../../src/nodes/registry.ts'
import type { RunEvent } from '../../src/run/event.ts'
import type { SnapshotDocument } from '../../src/snapshot/document.ts'
import { memoryStore } from '../../src/store/memory/memory-driver.ts'
import type { Store } from '../../src/store/store.ts'
import { crashingStore } from '../../src/testing/crashing-store.ts'
import { SimulatedClock } from '../../src/testing/simulated-clock.ts'
import type { Workflow } from '../../src/workflow/workflow.ts'
import { recordingLogger } from './run-control.ts'

const RUN = 'r'

/** Most times a run may wait for someone outside: one that waits for ever is to be found out. */
const MOST_WAITS = 800

/** Says what a handler does before it does it: its idempotency key, or for a step that and ` step ` and its name. */
export type Tell = (what: string) => void

/** A run to be lived through. */
export interface Life {
  readonly flow: (tell: Tell) => Workflow
  /** The types its nodes have from a registry; default: none. */
  readonly registry?: (tell: Tell) => Registry
  /** What someone outside says when the run waits, given how often it has been told something; null: nothing. */
  readonly say: (told: number) => readonly [name: string, payload: unknown] | null
}

/** All facts of the run on record. */
async function factsOf(store: Store): Promise<readonly RunEvent[]> {
  if ((await store.get(RUN)) === null) return []
  const facts: RunEvent[] = []
  for await (const { text } of store.events(RUN)) facts.push(JSON.parse(text) as RunEvent)
  return facts
}

/** What facts say was done and is never to be done again, by the name it was told under; with what came of it. */
function doneBy(facts: readonly RunEvent[]): ReadonlyMap<string, string> {
  const done = new Map<string, string>()
  const keys = new Map<string, readonly string[] | null>()
  const visits = new Map<string, number>()
  for (const { type, data, path: ids = [] } of facts) {
    if (!('nodeId' in data) || data.nodeId === undefined) continue
    const path: string[] = []
    // What a nested run does when it is visited again is done by another run.
    for (const id of ids) {
      const visited = visits.get(JSON.stringify([...path, id])) ?? 0
      path.push(visited === 0 ? id : `${id}@${visited + 1}`)
    }
    const node = JSON.stringify([...path, data.nodeId])
    const visit = (visits.get(node) ?? 0) + 1
    const place = 'item' in data && data.item !== undefined ? data.item : null
    const item = place === null ? null : (keys.get(node)?.[place] ?? String(place))
    const key = idempotencyKey(RUN, data.nodeId, { item, visit, path })
    const put = (name: string, what: unknown) => {
      if (done.has(name)) throw new Error(`${name} is on record twice`)
      done.set(name, JSON.stringify(what) ?? 'what its items gave')
    }
    if (type === 'items.listed') keys.set(node, data.keys)
    else if (type === 'node.completed' || type === 'item.completed') put(key, data.output)
    else if (type === 'step.completed') put(`${key} step ${data.name}`, data.output)
    else if (type === 'node.visited') {
      put(key, data.output)
      visits.set(node, visit)
    }
  }
  return done
}

/** How a run is lived through. */
export interface Way {
  /** The appends at which processes die, one after the other, each counted from its process's first. */
  readonly appends: readonly number[]
  /** Whether what is appended then is on record. */
  readonly isRecorded: boolean
  readonly concurrency?: number
  readonly checkpointEvents?: number
}

/** What a run came to. */
export interface Lived {
  /** How many processes died on the way. */
  readonly crashes: number
  readonly end: object
  /** What was done, by the name it was told under. */
  readonly done: ReadonlyMap<string, string>
  /** Sequences of the signals that came, and of those that nodes took. */
  readonly received: readonly number[]
  readonly taken: readonly number[]
}

/** One process: takes the run up and says what has not been said, until the run has ended or the process dies. */
async function live(life: Life, store: Store, truth: Store, clock: SimulatedClock, tell: Tell, way: Way) {
  const { concurrency = 16, checkpointEvents = 10_000 } = way
  const flow = life.flow(tell)
  const registry = life.registry?.(tell)
  const world = { store, clock, logger: recordingLogger(), checkpointEvents }
  const own = { workflows: [flow], concurrency, ...(registry === undefined ? {} : { registry }) }
  const engine = createEngine({ ...world, ...own })
  // Knows no workflow: what it says is only recorded, or it goes on when all that is left are types everybody has.
  const outside = createEngine(world)
  const isThere = async () => (await truth.get(RUN)) !== null
  for (let waits = 0; waits < MOST_WAITS; waits += 1) {
    const handle: RunHandle = await untilFree(clock, async () =>
      (await isThere()) ? engine.resume(RUN) : engine.start(flow, undefined, { runId: RUN }),
    )
    const { status } = await handle.result
    if (status !== 'waiting') return handle.executor
    const facts = await factsOf(truth)
    const told = facts.filter(({ type, data }) => type === 'signal.received' && data.idempotencyKey === undefined)
    const next = life.say(told.length)
    const speaker = told.length % 2 === 0 ? engine : outside
    if (next !== null) await untilFree(clock, () => speaker.signal(RUN, next[0], next[1]))
    // All is said: it waits for a time.
    else await new Promise<void>((resolve) => void clock.setTimer(1_000, resolve))
  }
  throw new Error('the run waits for something that nobody says')
}

/** Does something once the other engine lets go of the run. */
async function untilFree<T>(clock: SimulatedClock, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!isWaystoneError(error, 'STORE_HELD')) throw error
      await new Promise<void>((resolve) => void clock.setTimer(1, resolve))
    }
  }
}

/** A document without what tells when, and by whom, it was taken. */
function withoutTime({ snapshotTime: _, integrity: _digest, run, ...rest }: SnapshotDocument): unknown {
  return { ...rest, run: { ...run, epoch: 0 } }
}

/**
 * Lives through processes of which some die at an append, and the last lives. Holds after each of them that nothing on record
 * was done again or is lost, and at the end that the state is the fold of the log and no signal was taken twice.
 */
export async function lives(life: Life, way: Way): Promise<Lived> {
  const { appends, isRecorded } = way
  const store = memoryStore()
  const clock = new SimulatedClock()
  let crashes = 0
  for (const atAppend of [...appends, null]) {
    const done = doneBy(await factsOf(store))
    const told: string[] = []
    const own = atAppend === null ? store : crashingStore(store, { atAppend, isRecorded })
    const living = live(life, own, store, clock, (what) => void told.push(what), way)
    const ended = await clock.drive(living).catch((error: unknown) => {
      if (atAppend !== null && isWaystoneError(error, 'STORE_IO')) return null
      throw error
    })
    expect(told.filter((what) => done.has(what))).toEqual([])
    const after = await factsOf(store)
    const doneAfter = doneBy(after)
    expect([...done].filter(([name, what]) => doneAfter.get(name) !== what)).toEqual([])
    if (ended === null) {
      crashes += 1
      continue
    }
    const { document } = await createEngine({ store, clock }).snapshot(RUN)
    expect(withoutTime(ended.saveSnapshot().document), 'the fold of the log is the state it was written from').toEqual(
      withoutTime(document),
    )
    const { run, results, variables, accumulators, counters, context, decisions } = document
    const taken = after.flatMap(({ type, data }) =>
      type === 'node.completed' || type === 'node.visited' ? (data.signals ?? []) : [],
    )
    expect(new Set(taken).size, 'no signal is taken twice').toBe(taken.length)
    return {
      crashes,
      end: { status: run.status, results, variables, accumulators, counters, context, decisions },
      done: new Map([...doneAfter].sort(([a], [b]) => (a < b ? -1 : 1))),
      received: after.flatMap(({ type, seq }) => (type === 'signal.received' ? [seq] : [])),
      taken: taken.sort((a, b) => a - b),
    }
  }
  throw new Error('no process was left to live')
}
