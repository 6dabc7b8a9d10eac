import type { Encoded } from '../../src/base/encoded.ts'
import type { Due, RunCommand } from '../../src/run/command.ts'
import { decide } from '../../src/run/decide.ts'
import { isRejection } from '../../src/run/decision.ts'
import type { RunEvent } from '../../src/run/event.ts'
import { eventText } from '../../src/run/event-text.ts'
import { nextRun, plan, rest } from '../../src/run/plan.ts'
import { eventReader } from '../../src/run/read-event.ts'
import { reduce } from '../../src/run/reduce.ts'
import { type Run, runsOf } from '../../src/run/run.ts'
import type { ShapeSpec } from './random-shapes.ts'

/** An attempt that runs. */
export interface InFlight {
  readonly run: Run
  readonly index: number
  readonly attempt: number
  readonly item: number | null
}

/** A shell round the core without handlers: what an attempt comes to is read from the data of its node. */
export class CoreShell {
  readonly run: Run
  readonly events: RunEvent[] = []
  at: number
  readonly #onEvent: (event: RunEvent) => void

  constructor(run: Run, at: number, onEvent: (event: RunEvent) => void = () => undefined) {
    this.run = run
    this.at = at
    this.#onEvent = onEvent
  }

  /** Decides a command of a run of the tree; false when it does not fit. */
  do(run: Run, command: RunCommand): boolean {
    const decision = decide(run, command, this.at)
    if (isRejection(decision)) return false
    for (const event of decision) {
      reduce(this.run, event)
      this.events.push(event)
      this.#onEvent(event)
    }
    return true
  }

  /** Asks all plans until none owes anything; what they said, in order. */
  settle(): readonly string[] {
    const said: string[] = []
    for (let run: Run | undefined = this.run; run !== undefined; run = nextRun(this.run, this.at)) {
      for (let next = plan(run, this.at); next !== null; next = plan(run, this.at)) {
        const { type, ...rest } = next
        said.push(`${run.path.join('/')} ${type} ${JSON.stringify(rest)}`)
        if (said.length > 100_000) throw new Error(`the plan owes for ever: ${said.slice(-5).join(', ')}`)
        if (!this.do(run, reported(run, next))) throw new Error(`the core refuses its own plan: ${said.at(-1)}`)
      }
      rest(run)
    }
    return said
  }

  /** All attempts that run, in definition order. */
  inFlight(): readonly InFlight[] {
    const found: InFlight[] = []
    for (const run of runsOf(this.run)) {
      run.state.nodes.forEach(({ status, attempt, parts }, index) => {
        if (status === 'running') found.push({ run, index, attempt, item: null })
        if (status !== 'waiting') return
        parts?.items?.list.forEach((item, place) => {
          if (item.status === 'running') found.push({ run, index, attempt: item.attempt, item: place })
        })
      })
    }
    return found
  }

  /** What an attempt that runs comes to. */
  end({ run, index, attempt, item }: InFlight): void {
    if (!this.do(run, ending(run, index, attempt, item, this.at))) throw new Error('the core refuses a report')
  }
}

/** The text of an event, read again. */
export function throughText(runId: string): (event: RunEvent) => RunEvent {
  const read = eventReader(runId, () => undefined)
  return (event) =>
    read({
      seq: event.seq,
      at: event.at,
      type: event.type,
      nodeId: 'nodeId' in event.data ? (event.data.nodeId ?? null) : null,
      text: eventText(event),
    })
}

/** What the shell makes of what the plan finds due. */
function reported(run: Run, due: RunCommand | Due): RunCommand {
  switch (due.type) {
    case 'items.end':
      return { type: 'items.complete', index: due.index, attempt: due.attempt, output: null, decisions: null }
    case 'child.end':
      return concluded(run, due.index, due.attempt, null)
    case 'wait.end': {
      const { index, attempt, signals } = due
      return { ...concluded(run, index, attempt, null), ...(signals === null ? {} : { signals }) } as RunCommand
    }
    default:
      return due
  }
}

function concluded(run: Run, index: number, attempt: number, output: Encoded, isLast = false): RunCommand {
  const { repeat } = run.graph.nodes[index]!
  const visit = (run.state.nodes[index]!.parts?.visits ?? 0) + 1
  if (repeat !== undefined && !isLast && visit < repeat.maximumVisits) {
    return { type: 'node.visit', index, attempt, output, writes: null }
  }
  return { type: 'node.complete', index, attempt, output, writes: null, decisions: null }
}

function ending(run: Run, index: number, attempt: number, item: number | null, at: number): RunCommand {
  const { type, data, nested, map } = run.graph.nodes[index]!
  const error = { name: 'Error', message: 'planned failure' }
  if (item !== null) {
    const { failures } = itemsOf(run, index)[item]!
    return attempt <= failures
      ? { type: 'item.fail', index, item, attempt, error, retryable: true }
      : { type: 'item.complete', index, item, attempt, output: { json: `{"item":${item}}` }, writes: null }
  }
  if (map !== undefined) {
    const items = itemsOf(run, index)
    const keys = map.key === undefined ? null : items.map(({ key }) => key)
    return { type: 'items.list', index, attempt, count: items.length, keys }
  }
  if (nested !== undefined) return { type: 'child.start', index, attempt, input: null }
  if (type === 'sleep') {
    const { durationMs } = data as { readonly durationMs: number }
    return {
      type: 'node.wait',
      index,
      attempt,
      wait: { kind: 'timer', durationMs, dueAt: at + durationMs, onLoad: 'deadline' },
    }
  }
  if (type === 'waitForSignal') {
    const {
      name,
      timeoutMs,
      take = 'first',
    } = data as {
      readonly name: string
      readonly timeoutMs?: number
      readonly take?: 'first' | 'all'
    }
    const [durationMs, dueAt] = timeoutMs === undefined ? [null, null] : [timeoutMs, at + timeoutMs]
    const wait = { kind: 'signal', name, take, durationMs, dueAt, onLoad: 'deadline', onTimeout: 'route' } as const
    return { type: 'node.wait', index, attempt, wait }
  }
  const spec = (data ?? {}) as unknown as Partial<ShapeSpec>
  const { failures = 0, attempts = 1, value = 1 } = type === 'step' ? spec : {}
  if (failures >= attempts || attempt <= failures) {
    if (failures > 0) return { type: 'node.fail', index, attempt, error, retryable: true }
  }
  const visit = (run.state.nodes[index]!.parts?.visits ?? 0) + 1
  return concluded(run, index, attempt, { json: '{}' }, value % 5 === 0 && visit === 2)
}

/** The data of the node that lists for a map node. */
function itemsOf(run: Run, index: number): readonly { readonly key: string; readonly failures: number }[] {
  const listId = `${run.graph.ids[index]!} list`
  return run.graph.nodes[run.graph.indexOf.get(listId)!]!.data as never
}
