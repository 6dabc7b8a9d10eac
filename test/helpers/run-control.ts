import { afterEach, beforeEach, expect } from 'vitest'
import type { Logger } from '../../src/base/ports.ts'
import type { DagExecutor } from '../../src/engine/dag-executor.ts'
import type { Store } from '../../src/store/store.ts'

/** Lets all promises, and one round of the host's tasks, go first. */
export const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A promise with its ends in hand. */
export interface Deferred<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void
}

export function deferred<T = void>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined
  let reject: (error: unknown) => void = () => undefined
  const promise = new Promise<T>((done, fail) => {
    resolve = done
    reject = fail
  })
  return { promise, resolve, reject }
}

/** A promise that never settles, as a handler that hangs gives it. */
export const never = <T>(): Promise<T> => new Promise<T>(() => undefined)

/** A logger that keeps what it is told, as `level: message`. */
export function recordingLogger(): Logger & { readonly lines: string[] } {
  const lines: string[] = []
  const level = (name: string) => (message: string) => void lines.push(`${name}: ${message}`)
  return { lines, debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') }
}

/** Fails every test of a file in which a promise was rejected that nobody handles, and keeps the test runner's own check of it quiet. */
export function guardRejections(): void {
  const rejected: unknown[] = []
  const note = (reason: unknown) => void rejected.push(reason)
  beforeEach(() => {
    rejected.length = 0
    process.on('unhandledRejection', note)
  })
  afterEach(async () => {
    await tick()
    await tick()
    process.off('unhandledRejection', note)
    expect(rejected, 'promises rejected that nobody handles').toEqual([])
  })
}

/** The whole run without what tells when it was looked at. */
export function runOf(executor: DagExecutor<never, never> | DagExecutor): unknown {
  const { snapshotTime: _time, integrity: _digest, ...rest } = executor.saveSnapshot().document
  const text = JSON.stringify(rest, (key, value: unknown) => (key.startsWith('remaining') ? undefined : value))
  return JSON.parse(text)
}

type Calls = {
  [Name in keyof Store]?: Store[Name] extends (...given: infer Given) => infer Value
    ? (next: () => Value, ...given: Given) => Value
    : never
}

/** A store some of whose methods do something else first, or instead; `next` calls the method itself. */
export function intercepted(store: Store, calls: Calls): Store {
  return new Proxy(store, {
    get: (target, name): unknown => {
      // What reads a run takes the other way to do so then.
      if (name === 'readCursor' && calls.read !== undefined) return undefined
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      const call = calls[name as keyof Store] as ((...given: unknown[]) => unknown) | undefined
      const next = (...given: unknown[]): unknown => Reflect.apply(member, target, given)
      return call === undefined ? next : (...given: unknown[]): unknown => call(() => next(...given), ...given)
    },
  })
}
