import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { type FileInfo, nodeFileSystem } from '../../src/store/file/file-system.ts'
import { SAMPLE_START } from '../helpers/sample-run.ts'

export const RUN_ID = 'r'
export const LEASE_MS = 60_000
/** When actors claim: at once, and when every lease of that time is over. */
export const EARLY = SAMPLE_START
export const LATE = SAMPLE_START + 2 * LEASE_MS

/** What is known of a file in the time the actors live in. */
export function infoInTheirTime(path: string): FileInfo | null {
  const info = nodeFileSystem.infoOf(path)
  return info === null ? null : { ...info, modifiedAt: EARLY }
}

/** One thing an actor does to the run. */
export interface Act {
  readonly what: 'claim' | 'append' | 'renew' | 'release' | 'delete'
  readonly now: number
}

/** The part of one actor: a store of its own. */
export interface ActorTask {
  readonly folder: string
  readonly owner: string
  /** Where its process runs; see `ProcessIdentity`. */
  readonly place: string
  readonly acts: readonly Act[]
}

/** A call an actor has made. */
export interface Call extends Act {
  /** `ok`, the code of the error, or `killed`. */
  readonly code: string
  /** The epoch it was made under, or has won. */
  readonly epoch: number | null
  /** The head of the run after it, as the actor knows it. */
  readonly seq: number
  /** What the event of an append says. */
  readonly note: string
  /** System calls of all actors before it began, and before it ended. */
  readonly begin: number
  readonly end: number
}

/** Memory the threads share: what each actor is at, how many calls there were, and a text an actor. */
export interface ActorShared {
  readonly control: SharedArrayBuffer
  readonly texts: readonly SharedArrayBuffer[]
}

const TEXT_BYTES = 64 * 1024
const IDLE = 0
const RUNS = 1
const PARKED = 2
const KILLED = 3

/** Lets one of several threads do one system call at a time. */
export class Turnstile {
  readonly shared: ActorShared
  readonly #control: Int32Array
  readonly #actors: number

  constructor(shared: ActorShared) {
    this.shared = shared
    this.#control = new Int32Array(shared.control)
    this.#actors = shared.texts.length
  }

  static of(actors: number): Turnstile {
    const texts = Array.from({ length: actors }, () => new SharedArrayBuffer(TEXT_BYTES))
    const turnstile = new Turnstile({ control: new SharedArrayBuffer(4 * (2 * actors + 1)), texts })
    for (let actor = 0; actor < actors; actor++) turnstile.#control[actor] = RUNS
    return turnstile
  }

  /** System calls so far. */
  get time(): number {
    return Atomics.load(this.#control, 2 * this.#actors)
  }

  /** Of an actor: waits to be let through; false when it is killed instead. */
  pass(actor: number): boolean {
    this.#set(actor, PARKED)
    Atomics.wait(this.#control, actor, PARKED)
    return Atomics.load(this.#control, actor) !== KILLED
  }

  /** Of an actor: says that it is through, and waits for its next task. */
  awaitTask(actor: number): ActorTask {
    this.#set(actor, IDLE)
    Atomics.wait(this.#control, actor, IDLE)
    return this.#read(actor) as ActorTask
  }

  answer(actor: number, calls: readonly Call[]): void {
    this.#write(actor, calls)
  }

  /** Of the test: waits until an actor is parked (true) or through (false). */
  await(actor: number): boolean {
    for (;;) {
      const state = Atomics.load(this.#control, actor)
      if (state === PARKED || state === IDLE) return state === PARKED
      if (Atomics.wait(this.#control, actor, state, 60_000) === 'timed-out') throw new Error(`actor ${actor} hangs`)
    }
  }

  begin(actor: number, task: ActorTask): boolean {
    this.#write(actor, task)
    this.#set(actor, RUNS)
    return this.await(actor)
  }

  /** Lets a parked actor make its call, and go on to the next one. */
  let(actor: number, isKilled: boolean): boolean {
    Atomics.add(this.#control, 2 * this.#actors, 1)
    this.#set(actor, isKilled ? KILLED : RUNS)
    return this.await(actor)
  }

  callsOf(actor: number): readonly Call[] {
    return this.#read(actor) as readonly Call[]
  }

  #set(actor: number, state: number): void {
    Atomics.store(this.#control, actor, state)
    Atomics.notify(this.#control, actor)
  }

  #write(actor: number, value: unknown): void {
    const bytes = Buffer.from(JSON.stringify(value))
    Buffer.from(this.shared.texts[actor]!).set(bytes)
    Atomics.store(this.#control, this.#actors + actor, bytes.length)
  }

  #read(actor: number): unknown {
    const length = Atomics.load(this.#control, this.#actors + actor)
    return JSON.parse(Buffer.from(this.shared.texts[actor]!, 0, length).toString('utf8'))
  }
}

/** Starts threads that each play an actor, and waits until they are ready. */
export function startActors(turnstile: Turnstile): Promise<readonly Worker[]> {
  const path = JSON.stringify(new URL('./interleaved-worker.ts', import.meta.url).href)
  // Threads do not take up the `--import` of their options in every version of Node.
  const begin = `import('tsx/esm/api').then(({ register }) => (register(), import(${path})))`
  return Promise.all(
    turnstile.shared.texts.map(async (_, actor) => {
      const thread = new Worker(begin, { eval: true, workerData: { shared: turnstile.shared, actor } })
      await once(thread, 'message')
      return thread
    }),
  )
}
