import type { ErrorCode } from '../../base/error-codes.ts'
import { isWaystoneError, quote, type WaystoneError } from '../../base/errors.ts'

/** Throws unless two plain values are equal, member by member. */
export function same(actual: unknown, expected: unknown, what: string): void {
  const path = difference(actual, expected, what)
  if (path !== null) throw new Error(`${path}: expected ${shown(expected)}, got ${shown(actual)}`)
}

/** Throws unless a condition holds. */
export function holds(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`expected: ${what}`)
}

/** The error of a call that has to fail with a code. */
export async function failsWith(code: ErrorCode, call: () => Promise<unknown>): Promise<WaystoneError> {
  let given: unknown
  try {
    given = await call()
  } catch (error) {
    if (isWaystoneError(error, code)) return error
    throw new Error(`expected an error ${code}, got ${error instanceof Error ? String(error) : quote(error)}`, {
      cause: error,
    })
  }
  throw new Error(`expected an error ${code}, but the call gave ${shown(given)}`)
}

/** All that an async iterable yields. */
export async function collect<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const each of iterable) all.push(each)
  return all
}

/** Where two values differ first, or null. Suite data is at most a few levels deep. */
function difference(actual: unknown, expected: unknown, path: string): string | null {
  if (Object.is(actual, expected)) return null
  if (typeof actual !== 'object' || typeof expected !== 'object' || actual === null || expected === null) return path
  if (ArrayBuffer.isView(actual) !== ArrayBuffer.isView(expected)) return path
  const keys = new Set([...Object.keys(actual), ...Object.keys(expected)])
  if (Array.isArray(actual) && Array.isArray(expected) && actual.length !== expected.length) return `${path}.length`
  for (const key of keys) {
    if (!Object.hasOwn(actual, key) || !Object.hasOwn(expected, key)) return `${path}.${key}`
    const inner = difference(
      (actual as Record<string, unknown>)[key],
      (expected as Record<string, unknown>)[key],
      `${path}.${key}`,
    )
    if (inner !== null) return inner
  }
  return null
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 400 ? `${text.slice(0, 397)}...` : text
}
