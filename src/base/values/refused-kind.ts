import type { ErrorCode } from '../error-codes.ts'
import { nativeName } from './brand.ts'

const WEAK = new Set(['WeakMap', 'WeakSet', 'WeakRef', 'FinalizationRegistry'])

/** Kinds that hold something outside the value, or a position in it; whatever iterates is found by its name's ending. */
const UNSUPPORTED = new Set([
  'AbortController',
  'AbortSignal',
  'Arguments',
  'ArrayBuffer',
  'Atomics',
  'Blob',
  'CryptoKey',
  'EventTarget',
  'File',
  'FormData',
  'Headers',
  'JSON',
  'Math',
  'MessagePort',
  'Module',
  'ReadableStream',
  'Reflect',
  'Request',
  'Response',
  'SharedArrayBuffer',
  'TransformStream',
  'WebAssembly',
  'WritableStream',
])

/** Why an object no encoder takes is refused: its code, and its kind in one name. */
export function refusedKind(value: object): { readonly code: ErrorCode; readonly kind: string } {
  const tag = Object.prototype.toString.call(value).slice(8, -1)
  if (value instanceof Promise || tag === 'Promise') return { code: 'VALUE_PROMISE', kind: 'Promise' }
  if (WEAK.has(tag)) return { code: 'VALUE_WEAK', kind: tag }
  if (UNSUPPORTED.has(tag) || /(?:Iterator|Iterator Helper|Generator)$/.test(tag)) {
    return { code: 'VALUE_UNSUPPORTED', kind: tag.slice(0, 80).toWellFormed() }
  }
  const prototype = Object.getPrototypeOf(value) as object | null
  // built-ins of any other kind, and what only inherits from one directly: no class codec is at fault
  if (Object.hasOwn(value, Symbol.toStringTag) || (prototype !== null && nativeName(prototype) !== undefined)) {
    return { code: 'VALUE_UNSUPPORTED', kind: tag.slice(0, 80).toWellFormed() }
  }
  return { code: 'VALUE_CLASS', kind: className(value) }
}

/** The name of an object's class as far as it can be read without running anybody's code. */
function className(value: object): string {
  let prototype = Object.getPrototypeOf(value) as object | null
  while (prototype !== null) {
    const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value
    const name = typeof constructor === 'function' ? Object.getOwnPropertyDescriptor(constructor, 'name')?.value : ''
    if (typeof name === 'string' && name !== '') return name.slice(0, 80).toWellFormed()
    prototype = Object.getPrototypeOf(prototype) as object | null
  }
  return 'unnamed class'
}
