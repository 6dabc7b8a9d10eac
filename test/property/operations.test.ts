import fc from 'fast-check'
import { expect, it } from 'vitest'
import { dictionary } from '../../src/base/json.ts'
import type { RunCommand } from '../../src/run/command.ts'
import { copyState } from '../../src/run/copy-state.ts'
import { decide } from '../../src/run/decide.ts'
import { isRejection } from '../../src/run/decision.ts'
import type { RunEvent } from '../../src/run/event.ts'
import { eventText, parseEvent } from '../../src/run/event-text.ts'
import { fold } from '../../src/run/fold.ts'
import { inspectRun } from '../../src/run/inspect.ts'
import { createRun } from '../../src/run/run.ts'
import { isSettled } from '../../src/run/settled.ts'
import { whyNode } from '../../src/run/why.ts'
import type { NodeDefinition } from '../../src/workflow/definition.ts'
import { count } from '../helpers/count.ts'
import { runs } from '../helpers/property.ts'
import { Core } from '../unit/run/core.ts'

const nodeShape = fc.record({
  upstreams: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
  isConditional: fc.boolean(),
  trigger: fc.constantFrom('all' as const, 'all' as const, 'any' as const, 'allDone' as const, 'noneFailed' as const),
  onError: fc.constantFrom('fail' as const, 'fail' as const, 'continue' as const),
  onInterrupted: fc.constantFrom('rerun' as const, 'ask' as const, 'fail' as const),
  attempts: fc.integer({ min: 1, max: 2 }),
  isMap: fc.constantFrom(false, false, false, true),
})

/** What has to be in many of the histories for the law to say something. */
const counted = [
  'a failure left out',
  'item.failed',
  'node.interrupted',
  'node.set',
  'node.skipped by someone',
  'node.waiting',
  'run.failed',
  'run.waiting',
  'variable.edited',
]

/** What happens next; `pick` chooses among the nodes it can happen to. */
const step = fc.record({
  what: fc.constantFrom(
    'complete',
    'complete',
    'complete',
    'fail',
    'fail all',
    'fail all',
    'wait',
    'signal',
    'pause',
    'cut off',
    'time out',
    'crash',
    'resume',
    'retry',
    'retry some',
    'retry some',
    'retry some',
    'skip',
    'set',
    'edit',
    'tick',
  ),
  pick: fc.nat(100),
})

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

function coreOf(shapes: readonly (typeof nodeShape extends fc.Arbitrary<infer T> ? T : never)[]): Core {
  const edges = shapes.flatMap(({ upstreams, isConditional }, index) =>
    [...new Set(upstreams)]
      .filter((back) => index - back >= 0)
      .map((back) => ({
        id: `e${index - back}-${index}`,
        source: `n${index - back}`,
        target: `n${index}`,
        ...(isConditional ? { sourceHandle: 'yes' } : {}),
      })),
  )
  const nodes = shapes.map(
    ({ trigger, onError, onInterrupted, attempts, isMap }, index): NodeDefinition => ({
      id: `n${index}`,
      type: 'step',
      trigger,
      onError,
      onInterrupted,
      retry: { maximumAttempts: attempts, initialIntervalMs: 100, jitter: 0 },
      ...(isMap ? { map: { items: '', onItemError: 'settle' } } : {}),
    }),
  )
  return Core.started(nodes, edges, { concurrency: 3 })
}

/** The command of a step, when there is a node it can be about. */
function commandOf(core: Core, { what, pick }: Step): RunCommand | null {
  const { state, graph } = core.run
  const pickOf = <T>(list: readonly T[]): T | undefined => list[pick % Math.max(1, list.length)]
  const ids = graph.ids
  const open = ids.filter((id) => !isSettled(core.node(id)))
  const failed = open.filter((id) => core.node(id).status === 'failed')
  const nodeId = pickOf(pick % 5 === 0 ? ids : open) ?? pickOf(ids)!
  const note = { by: 'ada', why: String(pick) }
  const id = pickOf(running(core))
  const decisions = (of: string) =>
    Object.assign(
      dictionary<boolean>(),
      Object.fromEntries(
        graph.edges.flatMap((edge) => (edge.source === of && edge.sourceHandle ? [[edge.id!, pick % 3 > 0]] : [])),
      ),
    )
  switch (what) {
    case 'complete': {
      if (id === undefined) return itemReport(core, pick)
      if (graph.nodes[core.index(id)]!.map !== undefined) {
        return {
          type: 'items.list',
          index: core.index(id),
          attempt: core.node(id).attempt,
          count: pick % 4,
          keys: null,
        }
      }
      return core.completion(id, pick, { decisions: decisions(id) })
    }
    case 'fail':
    case 'fail all':
      if (id === undefined) return itemReport(core, 3)
      return {
        type: 'node.fail',
        index: core.index(id),
        attempt: core.node(id).attempt,
        error: { name: 'E', message: 'planned' },
        retryable: what === 'fail' && pick % 2 === 0,
      }
    case 'wait': {
      if (id === undefined || graph.nodes[core.index(id)]!.map !== undefined) return null
      const more = { onLoad: 'deadline', onTimeout: 'fail', take: 'first', durationMs: 50 } as const
      const dueAt = pick % 2 === 0 ? null : core.at + 50
      const wait = { kind: 'signal', name: 's', dueAt, ...more } as const
      return { type: 'node.wait', index: core.index(id), attempt: core.node(id).attempt, wait }
    }
    case 'signal':
      return { type: 'signal.receive', name: 's', payload: pick }
    case 'pause':
      return { type: 'run.request-pause', reason: 'x' }
    case 'cut off':
      return { type: 'run.cut-off' }
    case 'time out':
      return pick % 5 === 0 ? { type: 'run.time-out' } : null
    case 'crash':
      return state.status === 'running' ? { type: 'run.resume' } : null
    case 'resume':
      return state.status === 'running' ? null : { type: 'run.resume' }
    case 'retry':
      return { type: 'run.resume', retry: { nodes: null, note } }
    case 'retry some':
      return { type: 'run.resume', retry: { nodes: [pickOf(failed) ?? nodeId], note } }
    case 'skip':
      return { type: 'operator.skip', path: [], nodeId, note }
    case 'set':
      return {
        type: 'operator.set',
        path: [],
        nodeId,
        output: { json: `[${pick}]` },
        decisions: decisions(nodeId),
        note,
      }
    case 'edit':
      return { type: 'operator.edit', name: `v${pick % 2}`, value: pick % 3 === 0 ? undefined : pick, note }
    case 'tick':
      core.at += pick
      return null
  }
  return null
}

const running = ({ run }: Core) => run.graph.ids.filter((_, index) => run.state.nodes[index]!.status === 'running')

/** The report of an item that runs. */
function itemReport(core: Core, pick: number): RunCommand | null {
  for (const [index, { parts }] of core.run.state.nodes.entries()) {
    const list = parts?.items?.list ?? []
    const item = list.findIndex(({ status }) => status === 'running')
    if (item < 0) continue
    const { attempt } = list[item]!
    if (pick % 3 > 0) return { type: 'item.complete', index, item, attempt, output: pick, writes: null }
    const error = { name: 'E', message: 'planned' }
    return { type: 'item.fail', index, item, attempt, error, retryable: pick % 2 === 0 }
  }
  return null
}

const isOperation = ({ what }: Step) => what === 'skip' || what === 'set' || what === 'edit'

/** Does a step, and what the plan then says; whether anything came of it. */
function take(core: Core, next: Step): boolean {
  const command = commandOf(core, next)
  const decision = command === null ? [] : decide(core.run, command, core.at)
  if (isRejection(decision)) return false
  core.apply(...decision)
  core.settle()
  return decision.length > 0
}

/** The state is the fold of the facts, through their text, and the index over it is what it would be built anew. */
function checkFold(core: Core): void {
  const events = core.events.map((event) => parseEvent(eventText(event)))
  const { state } = fold(core.run.graph, events)
  expect(state).toEqual(core.run.state)
  const { frontier } = createRun(core.run.graph, copyState(core.run.state))
  const shown = ({ running, unsettled, failing, left, asking }: typeof frontier) => ({
    running,
    unsettled,
    failing: [...failing].sort(),
    left: [...left].sort(),
    asking: [...asking].sort(),
  })
  expect(shown(frontier)).toEqual(shown(core.run.frontier))
}

/** Every node that has not ended is explained, and a run that goes on is stuck at no time. */
function checkInspection(core: Core): void {
  const { graph, state } = core.run
  const inspection = inspectRun(graph, state, { at: core.at })
  expect(inspection.nodes.map(({ nodeId }) => nodeId)).toEqual(graph.ids.filter((id) => !isSettled(core.node(id))))
  expect(inspection.isStuck).toBe(false)
  for (const { sentence } of inspection.nodes) expect(sentence).not.toContain('undefined')
}

/** Answers, signals and completes until the run has ended. */
function finish(core: Core): void {
  for (let round = 0; round < 500; round += 1) {
    const { status } = core.run.state
    if (status === 'completed') return
    core.at += 10_000
    const next: Step =
      status === 'running' ? { what: 'complete', pick: 1 } : { what: round % 2 === 0 ? 'signal' : 'resume', pick: 1 }
    take(core, next)
    core.settle()
  }
  throw new Error(`the run has not ended: ${JSON.stringify(core.statuses())}`)
}

it('after any operations the state is the fold of the facts, every node is explained, and the run can be brought to its end', () => {
  const types = new Map<string, number>()
  fc.assert(
    fc.property(
      fc.array(nodeShape, { minLength: 2, maxLength: 7 }),
      fc.array(step, { minLength: 8, maxLength: 40 }),
      (shapes, steps) => {
        const core = coreOf(shapes)
        let leftOut = false
        for (const next of steps) {
          if (isOperation(next) && core.run.state.status === 'running') {
            for (const what of ['pause', 'cut off'] as const) take(core, { what, pick: 0 })
            checkFold(core)
          }
          // Nodes that fail together, so that a retry of one leaves another out.
          if (next.what === 'fail all') while (running(core).length > 1) take(core, next)
          if (!take(core, next)) continue
          if (core.run.state.nodes.some(({ operator }) => operator === 'left')) leftOut = true
          checkFold(core)
          checkInspection(core)
        }
        finish(core)
        checkFold(core)
        checkDone(core.events)
        for (const id of core.run.graph.ids)
          expect(whyNode(core.run.graph, core.run.state, [id], { at: 0 })).not.toBeNull()
        const names = [...core.events.map(nameOf), ...(leftOut ? ['a failure left out'] : [])]
        for (const name of new Set(names)) types.set(name, (types.get(name) ?? 0) + 1)
      },
    ),
    runs('histories with operations', 2_000),
  )
  for (const name of counted) count(`operated histories with ${name}`, types.get(name) ?? 0)
})

/** What was completed, by whomever, or skipped by someone, never starts again. */
function checkDone(events: readonly RunEvent[]): void {
  const done = new Set<string>()
  for (const { type, data } of events) {
    if (type === 'node.started') expect(done.has(data.nodeId)).toBe(false)
    if (type === 'node.completed' || type === 'node.set' || type === 'node.skipped') done.add(data.nodeId)
  }
}

function nameOf({ type, data }: RunEvent): string {
  return type === 'node.skipped' && data.reason === 'operator' ? 'node.skipped by someone' : type
}
