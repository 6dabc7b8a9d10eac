import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEFAULT_CONFIG, DEFAULT_LIMITS } from '../../src/run/config.ts'
import type { RunEvent } from '../../src/run/event.ts'
import { fold } from '../../src/run/fold.ts'
import { nextDueAt } from '../../src/run/plan.ts'
import { createRun, pendingState, type Run, runsOf } from '../../src/run/run.ts'
import { buildGraph } from '../../src/workflow/graph.ts'
import { parseDefinition } from '../../src/workflow/parse.ts'
import { count } from '../helpers/count.ts'
import { runs } from '../helpers/property.ts'
import { CoreShell, throughText } from './core-shell.ts'
import { act, acts } from './random-acts.ts'
import { shapeSpecs, shapesDefinition } from './random-shapes.ts'

describe('a run of every shape', () => {
  it('is the fold of its events, goes on from its state as it does live, keeps its limits and comes to an end', () => {
    const types = new Map<string, number>()
    let events = 0
    let plans = 0
    fc.assert(
      fc.property(
        shapeSpecs(['step', 'step', 'sleep', 'ask', 'race', 'race', 'map', 'run']),
        acts,
        fc.constantFrom(1, 2, 3, 16),
        fc.constantFrom(null, null, null, 5, 12),
        (specs, steps, concurrency, maxNodeExecutions) => {
          const workflow = parseDefinition(shapesDefinition(specs))
          const graph = buildGraph(workflow)
          const limits = { ...DEFAULT_LIMITS, maxNodeExecutions }
          const config = { ...DEFAULT_CONFIG, concurrency, limits }
          const state = pendingState({ runId: 'r', workflow, fingerprint: 'f', config })
          const reread = throughText('r')
          const log: RunEvent[] = []
          const done = new Set<string>()
          let isBack = false
          const shell = new CoreShell(createRun(graph, state), 1_000, (event) => {
            events += 1
            types.set(event.type, (types.get(event.type) ?? 0) + 1)
            log.push(reread(event))
            expect(log.at(-1)).toEqual(event)
            requireOnce(done, event)
            expect(shell.inFlight().length).toBeLessThanOrEqual(concurrency)
            checkCounts(shell.run)
          })
          const settle = () => {
            const folded = fold(graph, log)
            expect(folded.state).toEqual(shell.run.state)
            // One that was folded, and one made from its state alone, as a load makes it.
            const loaded = new CoreShell(createRun(graph, fold(graph, log).state), shell.at)
            const other = new CoreShell(folded, shell.at)
            const said = shell.settle()
            plans += 1
            expect(loaded.settle()).toEqual(said)
            expect(other.settle()).toEqual(said)
            expect(loaded.run.state).toEqual(shell.run.state)
            // What was due before the clock jumped back waits for a place, and is due again when it gets one.
            if (!isBack) expect(nextDueAt(loaded.run)).toEqual(nextDueAt(shell.run))
            requireLive(shell)
          }
          shell.do(shell.run, { type: 'run.start', seed: 7 })
          settle()
          for (const { what, which } of steps) {
            isBack ||= what === 'back'
            act(shell, what, which)
            settle()
          }
          // Nobody acts any more: it has to come to an end by itself, or to what waits for someone.
          for (let turns = 0; shell.run.state.status === 'running'; turns += 1) {
            if (turns > 5_000) throw new Error('the run does not end')
            const [first] = shell.inFlight()
            if (first !== undefined) shell.end(first)
            else shell.at = nextDueAt(shell.run)!
            settle()
          }
        },
      ),
      runs('runs of every shape', 1_000),
    )
    count('events of runs of every shape', events)
    count('plans compared with those of a loaded run', plans)
    for (const [type, times] of [...types].sort()) count(`shapes, ${type}`, times)
  })
})

/** A run that goes on waits for something that will come: an attempt, or a time. */
function requireLive(shell: CoreShell): void {
  const { run } = shell
  if (run.state.status !== 'running') return
  if (shell.inFlight().length === 0 && nextDueAt(run) === null) throw new Error('the run hangs')
}

/** What is counted beside the state is what the state says. */
function checkCounts(root: Run): void {
  for (const run of runsOf(root)) {
    let running = 0
    for (const { status, parts } of run.state.nodes) {
      if (status === 'running') running += 1
      if (status === 'waiting') running += (parts?.items?.list ?? []).filter((item) => item.status === 'running').length
    }
    expect(run.frontier.running).toBe(running)
    expect(run.activity.running).toBe(runsOf(run).reduce((sum, { frontier }) => sum + frontier.running, 0))
  }
}

/** Nothing is done twice: no node, item, step or visit of the same run. */
function requireOnce(done: Set<string>, { type, path = [], data }: RunEvent): void {
  if (!('nodeId' in data)) return
  const at = JSON.stringify([...path, data.nodeId])
  const inside = `${at.slice(0, -1)},`
  if (type === 'node.visited' || (type === 'child.started' && 'input' in data)) {
    for (const key of done) if (key.startsWith(inside)) done.delete(key)
    for (const key of done) if (key.startsWith(`${at} step`)) done.delete(key)
  }
  const item = 'item' in data ? data.item : undefined
  const what =
    type === 'node.completed'
      ? 'completed'
      : type === 'item.completed'
        ? `item ${item}`
        : type === 'node.visited' && 'visit' in data
          ? `visit ${data.visit}`
          : null
  if (what === null) return
  const key = `${at} ${what}`
  if (done.has(key)) throw new Error(`${key} is done twice`)
  done.add(key)
}
