/** How a timer goes on after its run was saved: at its instant, with the time it had left, or from its beginning. */
export type OnLoad = 'deadline' | 'remaining' | 'restart'

/** What a waiting node waits for. The instant it is due at stands in the state of its node. */
export type WaitState = TimerWait | SignalWait

/** A wait for a time. */
export interface TimerWait {
  readonly kind: 'timer'
  /** Unique in the run. */
  readonly id: string
  /** Milliseconds it was to last when it began; what `restart` begins anew. */
  readonly durationMs: number
  readonly onLoad: OnLoad
}

/** A wait for a signal, or for the end of the time it may take. */
export interface SignalWait {
  readonly kind: 'signal'
  readonly id: string
  readonly name: string
  /** Milliseconds it may last; null: for ever. */
  readonly durationMs: number | null
  readonly onLoad: OnLoad
  /** What becomes of the node when the time is up: `fail`, or `route` by the handle `timeout`. */
  readonly onTimeout: 'fail' | 'route'
  /** Of several signals that came before the wait: it takes the `first`, and leaves the rest, or `all` as a list. */
  readonly take: 'first' | 'all'
}

/** A wait as a node asks for it: without what the run gives it, and with the instant it is due at. */
export type WaitRequest =
  | (Omit<TimerWait, 'id'> & { readonly dueAt: number })
  | (Omit<SignalWait, 'id'> & { readonly dueAt: number | null })

/** The id of a wait that the fact of a sequence begins. Shape: `w12`. */
export function waitId(seq: number): string {
  return `w${seq}`
}

/** The sequence of the fact that began a wait. */
export function begunAt({ id }: WaitState): number {
  return Number(id.slice(1))
}
