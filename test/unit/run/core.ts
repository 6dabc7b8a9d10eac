import { expect } from 'vitest'
import type { Encoded } from '../../../src/base/encoded.ts'
import type { Dictionary } from '../../../src/base/json.ts'
import type { SerializedError } from '../../../src/base/serialized-error.ts'
import { defaultCodec } from '../../../src/base/values/codec.ts'

import type { Due, RunCommand } from '../../../src/run/command.ts'
import { DEFAULT_CONFIG, DEFAULT_LIMITS, type RunConfig, type RunLimits } from '../../../src/run/config.ts'
import { copyState } from '../../../src/run/copy-state.ts'
import { decide } from '../../../src/run/decide.ts'
import { isRejection, type Rejection } from '../../../src/run/decision.ts'
import type { RunEvent } from '../../../src/run/event.ts'
import { recordedEvent } from '../../../src/run/fact-batch.ts'
import { fold } from '../../../src/run/fold.ts'
import { ListCursor } from '../../../src/run/list-cursor.ts'
import { LogFold } from '../../../src/run/log-fold.ts'
import { nextRun, plan, rest } from '../../../src/run/plan.ts'
import { eventReader } from '../../../src/run/read-event.ts'
import type { RecordedEvent } from '../../../src/run/recorded-event.ts'
import { reduce } from '../../../src/run/reduce.ts'
import { createRun, pendingState, type Run, runAt } from '../../../src/run/run.ts'
import type { NodeState } from '../../../src/run/state.ts'
import type { StateWrite } from '../../../src/run/state-write.ts'
import type { EdgeDefinition, NodeDefinition } from '../../../src/workflow/definition.ts'
import { buildGraph, type Graph } from '../../../src/workflow/graph.ts'
import { parseDefinition } from '../../../src/workflow/parse.ts'

/** A node as tests write it: an id, or one with options; the type is `step` when none is given. */
export type NodeSpec = string | (Omit<NodeDefinition, 'type'> & { readonly type?: string })

/** An edge as tests write it: `a>b`, or a definition. */
export type EdgeSpec = string | EdgeDefinition

export interface CoreOptions {
  readonly concurrency?: number
  readonly limits?: Partial<RunLimits>
  readonly oversizedResults?: RunConfig['oversizedResults']
  readonly seed?: number
}

/** A run of the pure core, moved on by hand: no engine, no clock, no handlers. */
export class Core {
  readonly run: Run
  readonly events: RunEvent[] = []
  at = 1_700_000_000_000

  constructor(nodes: readonly NodeSpec[], edges: readonly EdgeSpec[] = [], options: CoreOptions = {}) {
    const definition = definitionOf(nodes, edges)
    const { concurrency = DEFAULT_CONFIG.concurrency, limits = {}, oversizedResults = 'fail' } = options
    const config = { concurrency, limits: { ...DEFAULT_LIMITS, ...limits }, oversizedResults }
    this.run = createRun(
      buildGraph(definition),
      pendingState({ runId: 'r', workflow: definition, fingerprint: 'f', config }),
    )
  }

  /** A core whose run has started and whose plan owes nothing. */
  static started(nodes: readonly NodeSpec[], edges: readonly EdgeSpec[] = [], options: CoreOptions = {}): Core {
    const core = new Core(nodes, edges, options)
    core.do({ type: 'run.start', seed: options.seed ?? 7 })
    core.settle()
    return core
  }

  /** Decides a command that fits, for the run or one nested in it, and applies what follows. */
  do(command: RunCommand, ...path: readonly string[]): readonly RunEvent[] {
    const decision = decide(this.nested(...path), command, this.at)
    if (isRejection(decision)) throw new Error(`rejected: ${decision.code}: ${decision.message}`)
    this.apply(...decision)
    return decision
  }

  /** Decides a command that does not fit. */
  refused(command: RunCommand, ...path: readonly string[]): Rejection {
    const before = JSON.stringify(this.run.state)
    const decision = decide(this.nested(...path), command, this.at)
    if (!isRejection(decision)) throw new Error(`not rejected: ${JSON.stringify(decision)}`)
    expect(JSON.stringify(this.run.state)).toBe(before)
    return decision
  }

  /** The run a path leads to. */
  nested(...path: readonly string[]): Run {
    const run = runAt(this.run, path)
    if (run === undefined) throw new Error(`no run is under way at ${path.join('/')}`)
    return run
  }

  /** An event that does not follow; nothing has changed. */
  damages(type: RunEvent['type'], data: object, path: readonly string[] = []): void {
    const { seq, runId } = this.run.state
    const event = { seq: seq + 1, runId, at: this.at, ...(path.length === 0 ? {} : { path }), type, data } as RunEvent
    // On a copy, since what is refused half-way is of no use any more.
    const copy = fold(this.run.graph, this.events)
    expect(() => reduce(copy, event), `${type} ${JSON.stringify(data)}`).toThrow(
      expect.objectContaining({ code: 'HISTORY_DAMAGED' }),
    )
  }

  apply(...events: readonly RunEvent[]): void {
    for (const event of events) {
      reduce(this.run, event)
      this.events.push(event)
    }
  }

  /** Does what the plans say until none owes anything; the types of what they said, and of what nodes. */
  settle(): readonly string[] {
    const done: string[] = []
    for (let run: Run | undefined = this.run; run !== undefined; run = nextRun(this.run, this.at)) {
      for (let next = plan(run, this.at); next !== null; next = plan(run, this.at)) {
        const of = 'index' in next ? [...run.path, run.graph.ids[next.index]] : run.path
        done.push([next.type, ...of].join(' '))
        this.do(reported(run, next), ...run.path)
      }
      rest(run)
    }
    return done
  }

  index(id: string): number {
    return this.run.graph.indexOf.get(id)!
  }

  node(id: string): NodeState {
    return this.run.state.nodes[this.index(id)]!
  }

  complete(
    id: string,
    output: Encoded = null,
    more: { readonly writes?: readonly StateWrite[]; readonly decisions?: Dictionary<boolean> } = {},
  ): readonly RunEvent[] {
    return this.do(this.completion(id, output, more))
  }

  completion(
    id: string,
    output: Encoded = null,
    more: { readonly writes?: readonly StateWrite[]; readonly decisions?: Dictionary<boolean> } = {},
  ): RunCommand {
    const { writes = null, decisions = null } = more
    const index = this.index(id)
    return { type: 'node.complete', index, attempt: this.node(id).attempt, output, writes, decisions }
  }

  fail(
    id: string,
    retryable = true,
    error: SerializedError = { name: 'Error', message: 'planned' },
  ): readonly RunEvent[] {
    return this.do({ type: 'node.fail', index: this.index(id), attempt: this.node(id).attempt, error, retryable })
  }

  resume(): readonly string[] {
    this.do({ type: 'run.resume' })
    return this.settle()
  }

  statuses(): Record<string, string> {
    return Object.fromEntries(this.run.graph.ids.map((id, index) => [id, this.run.state.nodes[index]!.status]))
  }

  /** Holds the state against the fold of all facts, and what the plan says against a frontier built anew. */
  check(): void {
    const first = this.events[0]!
    if (first.type !== 'run.started') throw new Error('not started')
    const folded = fold(buildGraph(first.data.workflow), this.events)
    expect(folded.state).toEqual(this.run.state)
    const { state, folded: count } = foldedLog(buildGraph(first.data.workflow), this.events)
    expect([state, count]).toEqual([this.run.state, this.events.length])
    const rebuilt = createRun(this.run.graph, copyState(this.run.state))
    const next = plan(rebuilt, this.at)
    expect(plan(folded, this.at)).toEqual(next)
    // An end is handed out once, so the live run is not asked for it here.
    if (next === null || !/^(wait|items|child)/.test(next.type)) expect(plan(this.run, this.at)).toEqual(next)
    expect([rebuilt.frontier.running, rebuilt.frontier.unsettled]).toEqual([
      this.run.frontier.running,
      this.run.frontier.unsettled,
    ])
  }
}

/** The fold of events from their texts, three at a time; `read` is told of each that is read as a fact. */
export function foldedLog(graph: Graph, events: readonly RunEvent[], read: (event: RecordedEvent) => void = () => {}) {
  const reader = eventReader('r', defaultCodec.check)
  const fold = new LogFold(
    {
      checkValue: defaultCodec.check,
      read: (recorded, data) => {
        read(recorded)
        return reader(recorded, data)
      },
      begin: (first) => {
        if (first.type !== 'run.started') throw new Error('not started')
        return { started: first, graph }
      },
    },
    null,
  )
  const recorded = events.map(recordedEvent)
  for (let at = 0; at < recorded.length; at += 3) fold.take(new ListCursor('r', recorded.slice(at, at + 3), false))
  return { state: fold.state, folded: fold.folded, run: fold.run }
}

/** What the shell makes of what the plan finds due. */
function reported(run: Run, due: RunCommand | Due): RunCommand {
  if (due.type === 'items.end') {
    const { index, attempt } = due
    return { type: 'items.complete', index, attempt, output: null, decisions: null }
  }
  if (due.type !== 'wait.end' && due.type !== 'child.end') return due
  const { index, attempt } = due
  const signals = due.type === 'wait.end' ? due.signals : null
  const output = run.state.signals.find(({ seq }) => signals?.includes(seq))?.payload ?? null
  const end = { index, attempt, output, writes: null, ...(signals === null ? {} : { signals }) }
  const { repeat } = run.graph.nodes[index]!
  const visit = (run.state.nodes[index]!.parts?.visits ?? 0) + 1
  if (repeat !== undefined && visit < repeat.maximumVisits) return { type: 'node.visit', ...end }
  return { type: 'node.complete', ...end, decisions: null }
}

export function definitionOf(nodes: readonly NodeSpec[], edges: readonly EdgeSpec[] = []) {
  return parseDefinition({
    id: 'w',
    version: '1.0.0',
    nodes: nodes.map((node) => (typeof node === 'string' ? { id: node, type: 'step' } : { type: 'step', ...node })),
    edges: edges.map((edge) => {
      if (typeof edge !== 'string') return edge
      const [source, target] = edge.split('>')
      return { source, target }
    }),
  })
}
