import { type Encoded, encodedText } from '../base/encoded.ts'
import type { JsonValue } from '../base/json.ts'
import { DEFAULT_VALUE_LIMITS } from '../base/values/limits.ts'
import { encodedOf, writesText } from '../run/event-text.ts'
import type { StateWrite } from '../run/state-write.ts'

/** What is kept of a completion for other runs: all that it did. */
export interface ReuseEntry {
  /** Epoch ms of the completion. */
  readonly at: number
  /** The handles it chose by name; null when it chose none. */
  readonly handles: readonly string[] | null
  readonly output: Encoded
  readonly writes: readonly StateWrite[] | null
}

/**
 * An entry as text.
 *
 * Shape: `{"form":1,"at":1700000000000,"handles":null,"output":{"rows":3},"writes":[{"area":"counter","op":"add","key":"rows","value":3}]}`
 */
export function entryText({ at, handles, output, writes }: ReuseEntry): string {
  return `{"form":1,"at":${at},"handles":${JSON.stringify(handles)},"output":${encodedText(output)}${writesText(writes ?? undefined)}}`
}

/**
 * The entry a text holds. Whoever wrote it is not trusted: it has to be the very text its entry is written as, of values
 * that can be decoded and writes that a handler could have made.
 * @param checkValue - throws for a value that can't be decoded; `codec.check` does
 * @returns the entry, or what is wrong with the text
 */
export function readEntry(text: string, checkValue: (tree: JsonValue) => void): ReuseEntry | string {
  try {
    const found: unknown = JSON.parse(text)
    if (!isRecord(found)) return 'is no object'
    const { at, handles, output, writes } = found
    if (typeof at !== 'number' || output === undefined || !isHandles(handles)) return 'lacks a member'
    const values: unknown[] = [output]
    const read: StateWrite[] = []
    if (writes !== undefined) {
      if (!Array.isArray(writes)) return 'has writes that are no list'
      for (const each of writes) {
        const write = writeOf(each)
        if (write === null) return 'has a write that no handler makes'
        if ('value' in write) values.push((each as { readonly value: unknown }).value)
        read.push(write)
      }
    }
    const entry = { at, handles, output: encodedOf(output), writes: writes === undefined ? null : read }
    if (entryText(entry) !== text) return 'is not written as entries are, so reading it would change it'
    for (const value of values) checkValue(value as JsonValue)
    return entry
  } catch (error) {
    return `can not be read (${error instanceof Error ? error.message : 'no reason is known'})`
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isHandles(value: unknown): value is readonly string[] | null {
  return value === null || (Array.isArray(value) && value.every((handle) => typeof handle === 'string'))
}

const SUMS: readonly unknown[] = ['sum', 'product', 'min', 'max', 'count']

/** A parsed write, values back at rest; null when no handler makes one like it. */
function writeOf(found: unknown): StateWrite | null {
  if (!isRecord(found)) return null
  const { area, op, key, value, expiresAt } = found
  if (typeof key !== 'string' || key.length > DEFAULT_VALUE_LIMITS.maxKeyLength) return null
  switch (area) {
    case 'variable':
    case 'contextVariable':
      if (op === 'delete') return { area, op, key }
      return op === 'set' && value !== undefined ? { area, op, key, value: encodedOf(value) } : null
    case 'contextConstant':
      return op === 'set' && value !== undefined ? { area, op, key, value: encodedOf(value) } : null
    case 'counter':
      return op === 'add' && Number.isFinite(value) ? { area, op, key, value: value as number } : null
    case 'accumulator':
      if (op === 'append') return value === undefined ? null : { area, op, key, value: encodedOf(value) }
      if (op === 'concat') return typeof value === 'string' ? { area, op, key, value } : null
      return SUMS.includes(op) && Number.isFinite(value) ? { area, op: op as 'sum', key, value: value as number } : null
    case 'cache':
      if (op === 'delete') return { area, op, key }
      if (op !== 'set' || value === undefined || (expiresAt !== null && !Number.isFinite(expiresAt))) return null
      return { area, op, key, value: encodedOf(value), expiresAt: expiresAt as number | null }
    default:
      return null
  }
}
