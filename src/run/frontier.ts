import type { Graph } from '../workflow/graph.ts'
import type { Activity } from './activity.ts'
import { countUpstreams } from './count-upstreams.ts'
import { type Due, DueHeap, NO_ITEM } from './due-heap.ts'
import { Ends } from './ends.ts'
import { IndexHeap } from './index-heap.ts'
import { MapQueue } from './map-queue.ts'
import { indexSet } from './ordered-set.ts'
import type { Run } from './run.ts'
import { isSettled, type Meaning, meaningOf } from './settled.ts'
import { type AnsweredWait, inOrderOfBegin, SignalWaits } from './signal-waits.ts'
import type { NodeState, RunState } from './state.ts'
import { judge } from './trigger.ts'

/**
 * Which nodes may start now: an index over the state, derived from it and never saved.
 *
 * For each node it counts the incoming edges by what became of them, so that a settled node costs its outgoing edges
 * and nothing else: the plan's cost follows what changed, never the size of the graph.
 */
export class Frontier {
  /** Nodes that are neither settled nor failing the run. */
  unsettled: number
  /** Nodes that failed the run, and interrupted nodes that wait for an answer. */
  readonly failing = new Set<number>()
  readonly asking = new Set<number>()
  /** Failed nodes that were left out of a retry: they keep the run from its end, and from nothing else. */
  readonly left = new Set<number>()
  /** Nodes that wait for a signal, and what is left of the map nodes whose items are listed. */
  readonly waits = new SignalWaits()
  readonly maps = new Map<number, MapQueue>()
  /** The runs that nodes are, while they are under way. */
  readonly nested = new Map<number, Run>()
  readonly #activity: Activity
  #running = 0
  readonly #graph: Graph
  readonly #unresolved: Int32Array
  readonly #taken: Int32Array
  readonly #failed: Int32Array
  readonly #ready = new IndexHeap()
  readonly #due = new DueHeap()
  readonly #doomed = indexSet()
  /** Waits whose time is up. */
  readonly #over = new DueHeap()
  /** Map nodes with something to start. */
  readonly #offering = indexSet()
  readonly #ends = new Ends()

  constructor(graph: Graph, state: RunState, activity: Activity) {
    this.#graph = graph
    this.#activity = activity
    const size = graph.nodes.length
    this.#unresolved = new Int32Array(size)
    this.#taken = new Int32Array(size)
    this.#failed = new Int32Array(size)
    const others = countUpstreams(graph, state, this.#unresolved, this.#taken)
    this.unsettled = others.length
    for (const index of others) {
      const node = state.nodes[index]!
      if (!isSettled(node)) continue
      const meaning = meaningOf(node)
      for (let at = graph.outStart[index]!; at < graph.outStart[index + 1]!; at += 1) {
        this.#resolve(graph.outEdges[at]!, meaning, state)
      }
    }
    const waiting: number[] = []
    for (const index of others) {
      this.#place(index, state.nodes[index]!, state)
      if (state.nodes[index]!.wait !== null) waiting.push(index)
    }
    for (const index of inOrderOfBegin(state, waiting)) this.waiting(index, state)
  }

  /** Attempts under way, those in nested runs not counted. */
  get running(): number {
    return this.#running
  }

  set running(count: number) {
    this.#activity.add(count - this.#running)
    this.#running = count
  }

  /** A node runs. */
  started(index: number): void {
    this.running += 1
    if (this.asking.size > 0) this.asking.delete(index)
    // Nobody asks for the next node while a log is folded: this keeps those that have started from piling up.
    if (this.#ready.peek() === index) this.#ready.pop()
  }

  /** A node has ended for good; its downstream nodes are looked at. */
  settled(index: number, state: RunState): void {
    this.unsettled -= 1
    const { outStart, outEdges } = this.#graph
    const meaning = meaningOf(state.nodes[index]!)
    for (let at = outStart[index]!; at < outStart[index + 1]!; at += 1) {
      const target = this.#resolve(outEdges[at]!, meaning, state)
      if (this.#isDecided(target) && state.nodes[target]!.status === 'pending') this.#consider(target)
    }
  }

  /** A node that failed or was interrupted is pending again. */
  reopened(index: number): void {
    this.closed(index)
    this.#consider(index)
  }

  /** A node that failed or was interrupted does so no more. */
  closed(index: number): void {
    this.failing.delete(index)
    this.left.delete(index)
    this.asking.delete(index)
  }

  /** A running node was cut off: it runs again, waits for an answer when it asks, or for the resume that fails it. */
  interrupted(index: number): void {
    const { onInterrupted } = this.#graph.nodes[index]!
    if (onInterrupted === 'ask') this.asking.add(index)
    else if (onInterrupted !== 'fail') this.#ready.push(index)
  }

  /** A node, or an item of a map node, waits for a time. */
  delayed(index: number, dueAt: number, item = NO_ITEM): void {
    this.#due.push(index, dueAt, item)
  }

  /** A node waits for a time, a signal, or either. */
  waiting(index: number, state: RunState): void {
    const { wait, dueAt } = state.nodes[index]!
    if (dueAt !== null) this.#due.push(index, dueAt, NO_ITEM)
    if (wait?.kind === 'signal') this.waits.add(index, wait)
  }

  /** A waiting node waits no more, however that came. */
  waitEnded(index: number): void {
    this.#ends.reported(index)
    this.waits.delete(index)
    this.closeMap(index)
    this.nested.delete(index)
  }

  /** The run goes on: an end that was handed out before it stopped, and never reported, is handed out again. */
  wentOn(state: RunState): void {
    for (const index of this.#ends.takeBack()) {
      if (state.nodes[index]!.wait !== null) this.waiting(index, state)
      else if (this.#isEndedRun(index)) this.#ends.nested.add(index)
      else this.#lookForEnd(index)
    }
  }

  /** The items of a map node are known, or known anew. */
  openMap(index: number, state: RunState): void {
    const { items } = state.nodes[index]!.parts!
    const queue = new MapQueue(this.#graph.nodes[index]!.map!, items!)
    this.maps.set(index, queue)
    this.#offering.add(index)
    items!.list.forEach((item, place) => {
      if (item.status === 'retrying') this.#due.push(index, item.dueAt ?? 0, place)
      else if (item.status === 'interrupted') this.itemInterrupted(index, place)
    })
    this.#lookForEnd(index)
  }

  closeMap(index: number): void {
    if (!this.maps.delete(index)) return
    this.#offering.delete(index)
    this.#ends.maps.delete(index)
    this.asking.delete(index)
  }

  itemStarted(index: number): void {
    this.running += 1
    this.maps.get(index)!.running += 1
  }

  /** An item that ran runs no more. */
  itemEnded(index: number, status: 'completed' | 'failed' | 'retrying' | 'interrupted'): void {
    this.running -= 1
    this.maps.get(index)!.ended(status)
    this.#offering.add(index)
    this.#lookForEnd(index)
  }

  /** An item that was cut off runs again, or waits for what its node's `onInterrupted` says. */
  itemInterrupted(index: number, item: number): void {
    const { onInterrupted } = this.#graph.nodes[index]!
    if (onInterrupted === 'ask') this.asking.add(index)
    else if (onInterrupted !== 'fail') this.itemAgain(index, item)
  }

  itemAgain(index: number, item: number): void {
    this.maps.get(index)!.again(item)
    this.#offering.add(index)
  }

  /** An item failed without having run. */
  itemFailed(index: number): void {
    this.maps.get(index)!.settle('failed')
    this.#lookForEnd(index)
  }

  /** A nested run has come to its end, and its node can be brought to its own. */
  nestedEnded(index: number): void {
    this.#ends.nested.add(index)
  }

  /** Takes a node whose run has come to its end; undefined when there is none. Said once for each. */
  takeEndedNested(): number | undefined {
    return this.#ends.take(this.#ends.nested, (index) => this.#isEndedRun(index))
  }

  /** Whether anything waits for a time, a signal, its items or its run: in most runs nothing ever does. */
  get hasWaiting(): boolean {
    return this.waits.size + this.maps.size + this.nested.size + this.#due.size + this.#over.size > 0
  }

  /** Whether something could start if there were a place. */
  get isHungry(): boolean {
    return this.#ready.size > 0 || this.#offering.size > 0
  }

  /** Takes a map node that can be brought to its end; undefined when there is none. Said once for each. */
  takeEndedMap(): number | undefined {
    return this.#ends.take(this.#ends.maps, (index) => this.maps.get(index)?.isOver === true)
  }

  /** The first item, in definition order of the map nodes, that may start; undefined when none may. */
  nextItem(at: number): { readonly index: number; readonly item: number } | undefined {
    for (let index = this.#offering.first(); index !== undefined; index = this.#offering.first()) {
      const map = index
      // Due once, but not by a clock that has jumped back: it waits again.
      const item = this.maps.get(map)!.next(at, (early, dueAt) => this.#due.push(map, dueAt, early))
      if (item !== undefined) return { index, item }
      this.#offering.take()
    }
    return undefined
  }

  /** Takes a wait that has the signals it waits for; undefined when there is none. Said once, until more of them come. */
  takeAnswered(state: RunState, path: readonly string[]): AnsweredWait | undefined {
    const answered = this.waits.takeAnswered(state, path)
    if (answered !== undefined) this.#ends.handOut(answered.index)
    return answered
  }

  /** Whether a node is being brought to its end. */
  get isEnding(): boolean {
    return this.#ends.areAwaited
  }

  /** Takes a wait whose time is up; undefined when there is none. */
  takeOver(state: RunState, at: number): number | undefined {
    this.#takeDue(state, at)
    for (let due = this.#over.pop(); due !== undefined; due = this.#over.pop()) {
      if (!this.#isStillDue(state, due)) continue
      if (due.dueAt <= at) {
        this.#ends.handOut(due.index)
        return due.index
      }
      // Due once, but not by a clock that has jumped back: it waits again.
      this.#due.push(due.index, due.dueAt, NO_ITEM)
    }
    return undefined
  }

  /** The first node, in definition order, that may start; undefined when none may. Nodes whose time has come are among them. */
  nextReady(state: RunState, at: number): number | undefined {
    this.#takeDue(state, at)
    for (let index = this.#ready.peek(); index !== undefined; index = this.#ready.peek()) {
      const node = state.nodes[index]!
      if (this.#isStartable(index, node, at)) return index
      this.#ready.pop()
      // Due once, but not by a clock that has jumped back: it waits again.
      if (node.status === 'retrying') this.#due.push(index, node.dueAt ?? 0, NO_ITEM)
    }
    return undefined
  }

  /** Whether what was to be due then still is. */
  #isStillDue({ nodes }: RunState, { index, item, dueAt }: Due): boolean {
    const node = nodes[index]!
    if (item === NO_ITEM) return (node.status === 'retrying' || node.status === 'waiting') && node.dueAt === dueAt
    const state = node.parts?.items?.list[item]
    return this.maps.has(index) && state?.status === 'retrying' && state.dueAt === dueAt
  }

  #isEndedRun(index: number): boolean {
    const run = this.nested.get(index)
    return run !== undefined && run.state.status !== 'running'
  }

  #lookForEnd(index: number): void {
    if (this.maps.get(index)?.isOver === true && !this.#ends.isAwaited(index)) this.#ends.maps.add(index)
  }

  /** Puts everything whose time has come where it is looked for. */
  #takeDue(state: RunState, at: number): void {
    for (let due = this.#due.peek(); due !== undefined && due.dueAt <= at; due = this.#due.peek()) {
      this.#due.pop()
      if (!this.#isStillDue(state, due)) continue
      if (due.item !== NO_ITEM) this.itemAgain(due.index, due.item)
      else if (state.nodes[due.index]!.status === 'retrying') this.#ready.push(due.index)
      else this.#over.push(due.index, due.dueAt)
    }
  }

  /** The first node whose trigger rule can no longer hold; undefined when there is none. */
  nextDoomed(state: RunState): number | undefined {
    for (let index = this.#doomed.first(); index !== undefined; index = this.#doomed.first()) {
      if (state.nodes[index]!.status === 'pending') return index
      this.#doomed.take()
    }
    return undefined
  }

  /** Whether an incoming edge of a doomed node comes from a failure. */
  isFailureUpstream(index: number): boolean {
    return this.#failed[index]! > 0
  }

  /** Epoch ms at which the next waiting node is due; null when none waits. */
  nextDueAt(state: RunState): number | null {
    for (let due = this.#due.peek(); due !== undefined; due = this.#due.peek()) {
      if (this.#isStillDue(state, due)) return due.dueAt
      this.#due.pop()
    }
    return null
  }

  /** Whether an entry of the ready heap still stands: a node with rule `any` may have been put there by several edges. */
  #isStartable(index: number, node: NodeState, at: number): boolean {
    if (node.status === 'pending') return true
    if (node.status === 'interrupted') return (this.#graph.nodes[index]!.onInterrupted ?? 'rerun') === 'rerun'
    return node.status === 'retrying' && (node.dueAt ?? 0) <= at
  }

  /** Counts what an edge is whose source has settled; gives its target. */
  #resolve(edge: number, meaning: Meaning, state: RunState): number {
    const graph = this.#graph
    const target = graph.edgeTarget[edge]!
    this.#unresolved[target]! -= 1
    if (meaning === 'failed') this.#failed[target]! += 1
    else if (meaning === 'completed') {
      const isTaken = graph.isConditional[edge] === 0 || state.decisions[graph.edgeKeys[edge]!] === true
      if (isTaken) this.#taken[target]! += 1
    }
    return target
  }

  /** Puts a node where its state says, when the index is built. */
  #place(index: number, node: NodeState, state: RunState): void {
    switch (node.status) {
      case 'pending':
        if (this.#isDecided(index)) this.#consider(index)
        break
      case 'interrupted':
        this.interrupted(index)
        break
      case 'retrying':
        this.#due.push(index, node.dueAt ?? 0, NO_ITEM)
        break
      case 'waiting':
        if (node.wait === null && node.parts?.items) {
          this.openMap(index, state)
          this.running += this.maps.get(index)!.running
        }
        break
      case 'running':
        this.running += 1
        break
      default:
        if (isSettled(node)) this.unsettled -= 1
        else if (node.status === 'failed') (node.operator === 'left' ? this.left : this.failing).add(index)
    }
  }

  /** Whether the trigger rule of a node may be decided: most wait for all their upstreams, and are asked nothing before. */
  #isDecided(index: number): boolean {
    return this.#unresolved[index] === 0 || this.#graph.startsEarly[index] === 1
  }

  /** Puts a pending node among the ready or the doomed ones once its trigger rule is decided. */
  #consider(index: number): void {
    const { nodes, inStart, isStandIn } = this.#graph
    if (isStandIn[index] === 1) {
      this.#doomed.add(index)
      return
    }
    const isRoot = inStart[index] === inStart[index + 1]
    const { trigger } = nodes[index]!
    const verdict = judge(trigger, isRoot, this.#taken[index]!, this.#failed[index]!, this.#unresolved[index]!)
    if (verdict === 'start') this.#ready.push(index)
    else if (verdict === 'skip') this.#doomed.add(index)
  }
}
