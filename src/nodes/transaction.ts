import type { Encoded } from '../base/encoded.ts'
import { NodeError, quote } from '../base/errors.ts'
import { combine } from '../run/accumulate.ts'
import type { AccumulatorState, RunState } from '../run/state.ts'
import type { AccumulatorOperation, StateWrite } from '../run/state-write.ts'

type Area = StateWrite['area']

/**
 * The writes one attempt has made so far. They reach the run's state with the node's completion, all together; until
 * then only the attempt itself reads them. Writes to one name are folded into one, so the fact stays small.
 */
export class Transaction {
  readonly #state: RunState
  readonly #writes: StateWrite[] = []
  /** Place in `#writes` of the latest write to a name. */
  readonly #places = new Map<string, number>()

  constructor(state: RunState) {
    this.#state = state
  }

  /** The writes in the order of their first mention; null when there are none. */
  get writes(): readonly StateWrite[] | null {
    return this.#writes.length === 0 ? null : this.#writes
  }

  /** Replaces whatever this attempt wrote to the name before. */
  set(write: Exclude<StateWrite, { readonly area: 'accumulator' | 'counter' }>): void {
    const present = this.#place(write.area, write.key)
    if (present === undefined) this.#push(write)
    else this.#writes[present] = write
  }

  /** Adds to a counter. */
  add(key: string, value: number): void {
    const present = this.#place('counter', key)
    const before = present === undefined ? 0 : (this.#writes[present] as { readonly value: number }).value
    const write = { area: 'counter', op: 'add', key, value: before + value + 0 } as const
    if (present === undefined) this.#push(write)
    else this.#writes[present] = write
  }

  /** Puts a value into an accumulator. @throws {NodeError} STATE_ACCUMULATOR_KIND */
  accumulate(op: AccumulatorOperation, key: string, value: Encoded, nodeId: string): void {
    const place = this.#place('accumulator', key)
    const present = place === undefined ? undefined : this.#writes[place]
    const expected = present?.op ?? this.#state.accumulators[key]?.operation
    if (expected !== undefined && expected !== op) {
      throw otherKind(nodeId, key, op, expected)
    }
    if (place === undefined || op === 'append') {
      this.#push({ area: 'accumulator', op, key, value })
      return
    }
    const before = (present as { readonly value: number | string }).value
    this.#writes[place] = { area: 'accumulator', op, key, value: combine(op, before, value as number | string) }
  }

  /** What this attempt wrote to a name; undefined when it wrote nothing there. */
  pending<A extends Area>(area: A, key: string): Extract<StateWrite, { readonly area: A }> | undefined {
    const place = this.#place(area, key)
    return place === undefined ? undefined : (this.#writes[place] as Extract<StateWrite, { readonly area: A }>)
  }

  /**
   * The value an accumulator would have if the attempt completed now; undefined when there is none.
   * @throws {NodeError} STATE_ACCUMULATOR_KIND when another node has meanwhile begun it with another operation
   */
  accumulated(key: string, nodeId: string): Encoded | readonly Encoded[] | undefined {
    const present: AccumulatorState | undefined = this.#state.accumulators[key]
    const pending = this.pending('accumulator', key)
    const operation = present?.operation ?? pending?.op
    if (operation === undefined) return undefined
    if (pending !== undefined && pending.op !== operation) throw otherKind(nodeId, key, pending.op, operation)
    if (operation === 'append') {
      const own = this.#writes.filter((write) => write.area === 'accumulator' && write.key === key)
      return [...(present?.items ?? []), ...own.map((write) => (write as { readonly value: Encoded }).value)]
    }
    if (pending === undefined) return present?.value
    if (present === undefined) return pending.value
    return combine(operation, present.value, pending.value as number | string)
  }

  #place(area: Area, key: string): number | undefined {
    return this.#places.get(`${area} ${key}`)
  }

  #push(write: StateWrite): void {
    this.#places.set(`${write.area} ${write.key}`, this.#writes.length)
    this.#writes.push(write)
  }
}

function otherKind(nodeId: string, key: string, found: string, expected: string): NodeError {
  return new NodeError(
    'STATE_ACCUMULATOR_KIND',
    `node ${quote(nodeId)} uses accumulator ${quote(key)} with "${found}", but it began with "${expected}"; use another name`,
    { details: { nodeId, key, found, expected } },
  )
}
