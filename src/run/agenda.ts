import { Heap } from './heap.ts'
import { OrderedSet } from './ordered-set.ts'
import type { Run } from './run.ts'

/**
 * Which of the runs of a tree may have something to do, which only want a place, and when which goes on by itself: an
 * index over their states, derived from them and never saved. In definition order, so that a run that was loaded goes on
 * as the one it was saved from.
 */
export class Agenda {
  /** Whether the run settles as `waiting` also while a time is set, once a signal is among what it waits for. */
  letsGo = false
  readonly #awake = new OrderedSet(isBefore)
  readonly #hungry = new OrderedSet(isBefore)
  readonly #due = new Heap<{ readonly run: Run; readonly dueAt: number }>((a, b) => a.dueAt < b.dueAt)
  /** Whether the root is to be asked once no other is: what is nested in it may have been all it waited for. */
  #isRootAwake = false
  /** The latest instant noted of each run, so that none is noted twice. */
  readonly #noted = new WeakMap<Run, number>()

  /** A run may have something to do. */
  wake(run: Run): void {
    if (run.parent === null) this.#isRootAwake = true
    else this.#awake.add(run)
  }

  /** A run could start something if there were a place. */
  hunger(run: Run): void {
    this.#hungry.add(run)
  }

  /** A run that has nothing to do goes on by itself at an instant. */
  note(run: Run, dueAt: number): void {
    if (this.#noted.get(run) === dueAt) return
    this.#noted.set(run, dueAt)
    this.#due.push({ run, dueAt })
  }

  /** Takes the next run that may have something to do; undefined when none has. Those that want a place are among them when there is one; the root comes last. */
  take(root: Run, hasPlace: boolean, at: number): Run | undefined {
    for (let due = this.#due.peek(); due !== undefined && due.dueAt <= at; due = this.#due.peek()) {
      this.#drop()
      this.wake(due.run)
    }
    for (let run = this.#takeFirst(hasPlace); run !== undefined; run = this.#takeFirst(hasPlace)) {
      this.#isRootAwake = true
      if (isPart(run)) return run
    }
    if (!this.#isRootAwake) return undefined
    this.#isRootAwake = false
    return root
  }

  /** Whether a run but the root may have something to do, or would with a place. */
  get isBusy(): boolean {
    return this.#awake.size + this.#hungry.size > 0
  }

  /** Epoch ms at which the next run goes on by itself; null when none does. */
  nextDueAt(dueAtOf: (run: Run) => number | null): number | null {
    for (let due = this.#due.peek(); due !== undefined; due = this.#due.peek()) {
      if (isPart(due.run) && dueAtOf(due.run) === due.dueAt) return due.dueAt
      this.#drop()
    }
    return null
  }

  #takeFirst(hasPlace: boolean): Run | undefined {
    const [awake, hungry] = [this.#awake.first(), hasPlace ? this.#hungry.first() : undefined]
    const isAwakeFirst = hungry === undefined || (awake !== undefined && !isBefore(hungry, awake))
    return (isAwakeFirst ? this.#awake : this.#hungry).take()
  }

  #drop(): void {
    const { run, dueAt } = this.#due.pop()!
    if (this.#noted.get(run) === dueAt) this.#noted.delete(run)
  }
}

/** Whether a run still is one of its tree: a node that has ended, or begun anew, is the run no more that it was. */
function isPart(run: Run): boolean {
  for (let at = run; at.parent !== null; at = at.parent) {
    if (at.parent.frontier.nested.get(at.host) !== at) return false
  }
  return true
}

/** Definition order; a run before those in it. */
function isBefore(a: Run, b: Run): boolean {
  const depth = Math.min(a.place.length, b.place.length)
  for (let level = 0; level < depth; level += 1) {
    if (a.place[level] !== b.place[level]) return a.place[level]! < b.place[level]!
  }
  return a.place.length < b.place.length
}
