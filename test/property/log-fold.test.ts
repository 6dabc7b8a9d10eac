import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isWaystoneError, RunError } from '../../src/base/errors.ts'
import { defaultCodec } from '../../src/base/values/codec.ts'
import { DEFAULT_CONFIG } from '../../src/run/config.ts'
import { copyState } from '../../src/run/copy-state.ts'
import type { RunEvent } from '../../src/run/event.ts'
import { recordedEvent } from '../../src/run/fact-batch.ts'
import { fold, startedState } from '../../src/run/fold.ts'
import { ListCursor } from '../../src/run/list-cursor.ts'
import { LogFold } from '../../src/run/log-fold.ts'
import { nextDueAt } from '../../src/run/plan.ts'
import { eventReader } from '../../src/run/read-event.ts'
import type { RecordedEvent } from '../../src/run/recorded-event.ts'
import { reduce } from '../../src/run/reduce.ts'
import { createRun, pendingState, type Run } from '../../src/run/run.ts'
import type { RunState } from '../../src/run/state.ts'
import { eventsJson } from '../../src/store/file/event-index.ts'
import { RecordCursor } from '../../src/store/file/record-cursor.ts'
import { buildGraph, type Graph } from '../../src/workflow/graph.ts'
import { parseDefinition } from '../../src/workflow/parse.ts'
import { count } from '../helpers/count.ts'
import { runs } from '../helpers/property.ts'
import { CoreShell } from './core-shell.ts'
import { act, acts } from './random-acts.ts'
import { shapeSpecs, shapesDefinition } from './random-shapes.ts'

type Specs = Parameters<typeof shapesDefinition>[0]
type Steps = readonly { readonly what: string; readonly which: number }[]

/** A run of nodes of every shape, as far as it was acted upon, and to its end. */
function runOf(specs: Specs, steps: Steps): { readonly graph: Graph; readonly events: readonly RunEvent[] } {
  const workflow = parseDefinition(shapesDefinition(specs))
  const graph = buildGraph(workflow)
  const state = pendingState({ runId: 'r', workflow, fingerprint: 'f', config: DEFAULT_CONFIG })
  const shell = new CoreShell(createRun(graph, state), 1_000)
  shell.do(shell.run, { type: 'run.start', seed: 7 })
  shell.settle()
  for (const { what, which } of steps) {
    act(shell, what, which)
    shell.settle()
  }
  for (let turns = 0; shell.run.state.status === 'running' && turns < 200; turns += 1) {
    const [first] = shell.inFlight()
    if (first !== undefined) shell.end(first)
    else shell.at = nextDueAt(shell.run)!
    shell.settle()
  }
  return { graph, events: shell.events }
}

/** How a log is damaged, or made up by somebody. */
const change = fc.record({
  what: fc.constantFrom('drop', 'twice', 'swap', 'node', 'attempt', 'type', 'text', 'seq', 'at', 'output', 'none'),
  at: fc.nat(),
  other: fc.nat(),
  /** Whether sequences are made to follow again, so that it is not for them that it is refused. */
  isMended: fc.boolean(),
})
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never

function changed(recorded: readonly RecordedEvent[], { what, at, other, isMended }: Change): RecordedEvent[] {
  const events = [...recorded]
  const place = 1 + (at % Math.max(1, events.length - 1))
  const event = events[place]
  const another = events[1 + (other % Math.max(1, events.length - 1))]
  if (event === undefined || another === undefined) return events
  const rewritten = (edit: (event: { data: Record<string, unknown>; [member: string]: unknown }) => void) => {
    const parsed = JSON.parse(event.text)
    edit(parsed)
    const { nodeId = null } = parsed.data
    events[place] = { seq: parsed.seq, at: parsed.at, type: parsed.type, nodeId, text: JSON.stringify(parsed) }
  }
  if (what === 'drop') events.splice(place, 1)
  else if (what === 'twice') events.splice(place, 0, another)
  else if (what === 'swap') events.splice(place, 2, ...events.slice(place, place + 2).reverse())
  else if (what === 'node') rewritten(({ data }) => Object.assign(data, { nodeId: another.nodeId ?? '' }))
  else if (what === 'attempt') rewritten(({ data }) => Object.assign(data, { attempt: other % 4 }))
  else if (what === 'type') rewritten((parsed) => Object.assign(parsed, { type: another.type }))
  else if (what === 'at') rewritten((parsed) => Object.assign(parsed, { at: other % 3_000 }))
  else if (what === 'seq') rewritten((parsed) => Object.assign(parsed, { seq: other % 20 }))
  else if (what === 'output') {
    const output = [1, 'x', null, { json: '{"#type":"nothing known"}' }, { json: '{' }, { json: '[1]' }][other % 6]
    rewritten(({ data }) => Object.assign(data, { output }))
  } else if (what === 'text') {
    const from = other % event.text.length
    events[place] = { ...event, text: event.text.slice(0, from) + event.text.slice(from + 1 + (at % 3)) }
  }
  if (!isMended) return events
  return events.map((each, index) => {
    const seq = index + 1
    return { ...each, seq, text: each.text.replace(/^\{"seq":\d+,/, `{"seq":${seq},`) }
  })
}

/** What folding comes to: a state, or the code it is refused with. */
function outcome(work: () => RunState | null): unknown {
  try {
    return { state: work() }
  } catch (error) {
    return { code: isWaystoneError(error) ? error.code : String(error) }
  }
}

/** A fact of another form than facts have is damage, too. */
function reduceOrRefuse(run: Run, fact: RunEvent): void {
  try {
    reduce(run, fact)
  } catch (cause) {
    throw cause instanceof TypeError ? new RunError('HISTORY_DAMAGED', 'no fact', { cause }) : cause
  }
}

/** The fold of facts, each read and reduced. */
function foldOfFacts(graph: Graph, events: readonly RecordedEvent[], from: RunState | null): RunState | null {
  const read = eventReader('r', defaultCodec.check)
  const run = from === null ? undefined : createRun(graph, from)
  let folded = run
  for (const event of events) {
    const fact = read(event)
    if (folded === undefined) folded = fold(graph, [fact])
    else reduceOrRefuse(folded, fact)
  }
  return folded?.state ?? null
}

function foldOfLog(
  graph: Graph,
  events: readonly RecordedEvent[],
  from: RunState | null,
  pageSize: number,
  inRecords: boolean,
): RunState | null {
  const logFold = new LogFold(
    {
      checkValue: defaultCodec.check,
      read: eventReader('r', defaultCodec.check),
      begin: (first) => {
        if (first.type !== 'run.started') throw new Error('the first fact is never changed')
        startedState(first)
        return { started: first, graph }
      },
    },
    from === null ? null : { state: from, graph },
  )
  for (let at = 0; at < events.length; at += pageSize) {
    const page = events.slice(at, at + pageSize)
    logFold.take(inRecords ? recordCursorOf(page) : new ListCursor('r', page, false))
  }
  expect(logFold.run?.state).toBe(logFold.state ?? undefined)
  return logFold.state
}

/** Through the form logs have on disk. */
function recordCursorOf(events: readonly RecordedEvent[]): RecordCursor {
  const facts = { workflowId: 'w', workflowVersion: '1', createdAt: 1 }
  const seq = events.at(-1)!.seq
  const summary = { runId: 'r', ...facts, status: 'running' as const, seq, updatedAt: 1 }
  const cursor = new RecordCursor('r')
  cursor.add(eventsJson({ events, summary }, facts, false).join(''), seq)
  return cursor
}

describe('the fold of a log', () => {
  it('comes to what the fold of its facts comes to, whatever the run, wherever it goes on from, and however the log is damaged', () => {
    const refused = new Map<string, number>()
    let whole = 0
    fc.assert(
      fc.property(
        shapeSpecs(['step', 'step', 'step', 'sleep', 'ask', 'race', 'map', 'run']),
        acts,
        fc.array(change, { minLength: 6, maxLength: 6 }),
        fc.nat(),
        fc.integer({ min: 1, max: 12 }),
        (specs, steps, changes, cut, pageSize) => {
          const { graph, events } = runOf(specs, steps)
          const recorded = events.map(recordedEvent)
          const compare = (each: Change, from: number): void => {
            const log = changed(recorded, each)
            const inOrder = log.every(({ seq }, index) => seq === index + 1)
            const base = from === 0 ? null : fold(graph, events.slice(0, from)).state
            const start = () => (base === null ? null : copyState(base))
            // A store hands out what follows a sequence.
            const rest = log.slice(from)
            const expected = outcome(() => foldOfFacts(graph, rest, start()))
            // Records tell sequences by their place, so only such as follow each other can stand in them.
            for (const inRecords of inOrder ? [false, true] : [false]) {
              expect(
                outcome(() => foldOfLog(graph, rest, start(), pageSize, inRecords)),
                each.what,
              ).toEqual(expected)
            }
            if ('code' in (expected as object)) refused.set(each.what, (refused.get(each.what) ?? 0) + 1)
            else whole += 1
          }
          for (let from = 0; from < recorded.length; from++) {
            compare({ what: 'none', at: 0, other: 0, isMended: false }, from)
          }
          for (const each of changes) compare(each, each === changes[0] ? 0 : 1 + (cut % recorded.length))
        },
      ),
      runs('logs folded as their facts', 1000),
    )
    count('logs folded as their facts to a state', whole)
    for (const [what, times] of refused) count(`logs refused as their facts, ${what}`, times)
  })
})
