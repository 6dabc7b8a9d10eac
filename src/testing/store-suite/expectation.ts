import type { ErrorCode } from '../../base/error-codes.ts'
import { isWaystoneError, quote, StoreError, type WaystoneError } from '../../base/errors.ts'

/** @throws {StoreError} STORE_CONTRACT unless the two are the same JSON data, whatever the order of members */
export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  const found = textOf(actual)
  const wanted = textOf(expected)
  if (found !== wanted) breach(`${what}: expected ${wanted}, got ${found}`)
}

/** @throws {StoreError} STORE_CONTRACT unless the condition holds */
export function expectTrue(condition: boolean, what: string): asserts condition {
  if (!condition) breach(what)
}

/**
 * Waits for a call to fail with a code, and gives its error.
 * @throws {StoreError} STORE_CONTRACT when it does not fail, or otherwise
 */
export async function expectCode(call: Promise<unknown>, code: ErrorCode, what: string): Promise<WaystoneError> {
  let answer: unknown
  try {
    answer = await call
  } catch (error) {
    if (isWaystoneError(error, code)) return error
    const found = isWaystoneError(error) ? error.code : error instanceof Error ? error.message : quote(error)
    return breach(`${what}: expected the code ${code}, got ${found}`, error)
  }
  return breach(`${what}: expected the code ${code}, but the call succeeded with ${textOf(answer)}`)
}

function breach(message: string, cause?: unknown): never {
  throw new StoreError('STORE_CONTRACT', message, { cause })
}

function textOf(value: unknown): string {
  return JSON.stringify(value, sorted) ?? 'undefined'
}

/** Members in name order, so that stores are free in theirs. */
function sorted(_key: string, value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Array.from(value as Uint8Array)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
