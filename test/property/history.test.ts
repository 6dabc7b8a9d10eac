import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Timeline } from '../../src/history/timeline.ts'
import { DEFAULT_CONFIG } from '../../src/run/config.ts'
import type { RunEvent } from '../../src/run/event.ts'
import { nextDueAt } from '../../src/run/plan.ts'
import { createRun, pendingState } from '../../src/run/run.ts'
import type { RunState } from '../../src/run/state.ts'
import { buildGraph } from '../../src/workflow/graph.ts'
import { parseDefinition } from '../../src/workflow/parse.ts'
import { count } from '../helpers/count.ts'
import { runs } from '../helpers/property.ts'
import { CoreShell } from './core-shell.ts'
import { act, acts } from './random-acts.ts'
import { type ShapeSpec, shapeSpecs, shapesDefinition } from './random-shapes.ts'

/** The facts of a random run, and its live state before them and after each. */
function lived(specs: readonly ShapeSpec[], steps: readonly { readonly what: string; readonly which: number }[]) {
  const workflow = parseDefinition(shapesDefinition(specs))
  const graph = buildGraph(workflow)
  const config = { ...DEFAULT_CONFIG, concurrency: 3 }
  const base = () => createRun(graph, pendingState({ runId: 'r', workflow, fingerprint: 'f', config }))
  const events: RunEvent[] = []
  const run = base()
  const states: RunState[] = [structuredClone(run.state)]
  const shell = new CoreShell(run, 1_000, (event) => {
    events.push(event)
    states.push(structuredClone(run.state))
  })
  shell.do(run, { type: 'run.start', seed: 7 })
  shell.settle()
  for (const { what, which } of steps) {
    act(shell, what, which)
    shell.settle()
  }
  for (let turns = 0; run.state.status === 'running' && turns < 500; turns += 1) {
    const [first] = shell.inFlight()
    if (first !== undefined) shell.end(first)
    else shell.at = nextDueAt(run) ?? shell.at
    shell.settle()
  }
  return { base, events, states }
}

describe('a timeline of a run of every shape', () => {
  it('has after every event the state the run had, however it is asked, and nothing done to one changes another', () => {
    let states = 0
    let keyframes = 0
    fc.assert(
      fc.property(
        shapeSpecs(['step', 'step', 'sleep', 'ask', 'race', 'race', 'map', 'run']),
        acts,
        fc.array(fc.nat({ max: 1_000 }), { maxLength: 20 }),
        fc.constantFrom(1, 2, 7),
        (specs, steps, jumps, leastDistance) => {
          const { base, events, states: live } = lived(specs, steps)
          let known = 1
          let read = 0
          const timeline = new Timeline(
            base(),
            leastDistance === 2 ? null : events[0]!,
            (seq) => {
              if (seq > known) throw new Error('an event that was not added yet is read')
              read += 1
              return events[seq - 1]!
            },
            leastDistance,
          )
          const look = (seq: number) => {
            const { state } = timeline.runAt(seq)
            expect(structuredClone(state)).toEqual(live[seq])
            spoil(state)
            states += 1
          }
          for (const jump of jumps) {
            // More events come while it is asked.
            known = Math.max(known, Math.min(events.length, jump % (known + 30)))
            look(jump % (known + 1))
          }
          known = events.length
          for (let seq = 0; seq <= known; seq += 1) look(seq)
          for (let seq = known; seq >= 0; seq -= 1) {
            const before = read
            look(seq)
            expect(read - before).toBeLessThanOrEqual(Math.max(leastDistance, 60))
          }
          keyframes += timeline.frames
        },
      ),
      runs('timelines', 300),
    )
    count('states of timelines compared', states)
    count('keyframes of timelines', keyframes)
  })
})

/** Changes all that a fold may change in a state, however deep. */
function spoil(root: RunState): void {
  const states = [root]
  for (const state of states) {
    for (const node of state.nodes) {
      node.status = 'canceled'
      node.attempt = -1
      if (node.parts === null) continue
      empty(node.parts.steps)
      node.parts.checkpoint = 'spoiled'
      for (const item of node.parts.items?.list ?? []) {
        item.attempt = -1
        if (item.progress !== null) empty(item.progress.steps)
      }
      if (node.parts.child !== null) states.push(node.parts.child)
      node.parts.visits = -1
    }
    for (const list of [state.nodes, state.completed, state.signals]) list.length = 0
    for (const { items } of Object.values(state.accumulators)) items.length = 0
    for (const compensation of Object.values(state.compensations)) compensation.attempt = -1
    for (const area of AREAS) empty(state[area])
  }
}

const AREAS = [
  'decisions',
  'variables',
  'accumulators',
  'counters',
  'cache',
  'contextVariables',
  'contextConstants',
  'signalKeys',
  'tokens',
  'types',
  'usage',
  'compensations',
] as const

function empty(entries: object): void {
  for (const name of Object.keys(entries)) Reflect.deleteProperty(entries, name)
}
