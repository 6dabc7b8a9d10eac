import { describe, expect, it } from 'vitest'
import { WaystoneError } from '../../../../src/base/errors.ts'
import { defaultCodec } from '../../../../src/base/values/codec.ts'

class Money {
  readonly cents = 1
}
class Table extends Map {}
class List extends Array {}
function* steps() {
  yield 1
}
async function* later() {
  yield 1
}
function theArguments(..._given: unknown[]) {
  // biome-ignore lint/complexity/noArguments: an arguments object is what is tried here
  return arguments
}
const detached = (): ArrayBuffer => {
  const buffer = new ArrayBuffer(1)
  structuredClone(buffer, { transfer: [buffer] })
  return buffer
}
const throwing = { enumerable: true, get: () => raise() }
const raise = (): never => {
  throw new Error('no')
}

/** What is refused, with its code and a word of its message. */
const REFUSED: readonly (readonly [kind: string, make: () => unknown, code: string, word: string])[] = [
  ['function', () => () => 1, 'VALUE_FUNCTION', 'function'],
  ['class', () => Money, 'VALUE_FUNCTION', 'function'],
  ['Proxy of a function', () => new Proxy(() => 1, {}), 'VALUE_FUNCTION', 'function'],
  ['symbol', () => Symbol('s'), 'VALUE_SYMBOL', 'symbol'],
  ['boxed symbol', () => [Object(Symbol('s'))], 'VALUE_SYMBOL', 'symbol'],
  ['symbol key', () => ({ [Symbol('s')]: 1 }), 'VALUE_SYMBOL_KEY', 'symbol key'],
  ['symbol key of an array', () => Object.assign([], { [Symbol('s')]: 1 }), 'VALUE_SYMBOL_KEY', 'symbol key'],
  ['promise', () => Promise.resolve(1), 'VALUE_PROMISE', 'await'],
  ['subclass of Promise', () => new (class Later extends Promise<void> {})(() => {}), 'VALUE_PROMISE', 'await'],
  ['WeakMap', () => new WeakMap(), 'VALUE_WEAK', 'WeakMap'],
  ['WeakSet', () => new WeakSet(), 'VALUE_WEAK', 'WeakSet'],
  ['WeakRef', () => new WeakRef({}), 'VALUE_WEAK', 'WeakRef'],
  ['FinalizationRegistry', () => new FinalizationRegistry(() => {}), 'VALUE_WEAK', 'FinalizationRegistry'],
  ['Map iterator', () => new Map().entries(), 'VALUE_UNSUPPORTED', 'Map Iterator'],
  ['array iterator', () => [1].values(), 'VALUE_UNSUPPORTED', 'Array Iterator'],
  ['generator', () => steps(), 'VALUE_UNSUPPORTED', 'Generator'],
  ['async generator', () => later(), 'VALUE_UNSUPPORTED', 'AsyncGenerator'],
  ['arguments', () => theArguments(1), 'VALUE_UNSUPPORTED', 'Arguments'],
  ['Math', () => Math, 'VALUE_UNSUPPORTED', 'Math'],
  ['Blob', () => new Blob(['a']), 'VALUE_UNSUPPORTED', 'Blob'],
  ['Headers', () => new Headers(), 'VALUE_UNSUPPORTED', 'Headers'],
  ['Response', () => new Response(), 'VALUE_UNSUPPORTED', 'Response'],
  ['FormData', () => new FormData(), 'VALUE_UNSUPPORTED', 'FormData'],
  ['ReadableStream', () => new ReadableStream(), 'VALUE_UNSUPPORTED', 'ReadableStream'],
  ['AbortSignal', () => new AbortController().signal, 'VALUE_UNSUPPORTED', 'AbortSignal'],
  ['SharedArrayBuffer', () => new SharedArrayBuffer(1), 'VALUE_UNSUPPORTED', 'SharedArrayBuffer'],
  ['view of shared memory', () => new Uint8Array(new SharedArrayBuffer(1)), 'VALUE_UNSUPPORTED', 'shared'],
  ['detached buffer', detached, 'VALUE_UNSUPPORTED', 'detached'],
  ['Map with properties', () => Object.assign(new Map(), { a: 1 }), 'VALUE_UNSUPPORTED', 'properties of its own'],
  ['Date with properties', () => Object.assign(new Date(0), { a: 1 }), 'VALUE_UNSUPPORTED', 'properties of its own'],
  ['RegExp with an odd lastIndex', () => Object.assign(/a/g, { lastIndex: -1 }), 'VALUE_UNSUPPORTED', 'lastIndex'],
  ['own toStringTag', () => Object.defineProperty({}, Symbol.toStringTag, { value: 'X' }), 'VALUE_UNSUPPORTED', 'X'],
  ['instance of a class', () => new Money(), 'VALUE_CLASS', 'Money'],
  ['subclass of Map', () => new Table(), 'VALUE_CLASS', 'Table'],
  ['subclass of Array', () => new List(), 'VALUE_CLASS', 'List'],
  ['object of another prototype', () => Object.create({ a: 1 }) as unknown, 'VALUE_CLASS', 'Object'],
  ['pretended Map', () => Object.create(Map.prototype) as unknown, 'VALUE_UNSUPPORTED', 'Map'],
  ['throwing accessor', () => Object.defineProperty({}, 'x', throwing), 'VALUE_ACCESSOR', 'readable'],
  ['throwing Proxy', () => new Proxy({}, { ownKeys: raise }), 'VALUE_ACCESSOR', 'readable'],
  ['revoked Proxy', () => revoked(), 'VALUE_ACCESSOR', 'readable'],
]

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

function refusal(value: unknown, nodeId?: string): WaystoneError {
  try {
    defaultCodec.encode(value, nodeId === undefined ? undefined : { nodeId })
  } catch (error) {
    if (error instanceof WaystoneError) return error
    throw error
  }
  throw new Error('the value was taken')
}

describe('values that are refused', () => {
  for (const [kind, make, code, word] of REFUSED) {
    it(`${kind}: ${code}, with its path and node`, () => {
      const error = refusal({ 'a/b': [0, new Map([['k', make()]])] }, 'fetch')
      expect(error).toMatchObject({ code, name: 'UnserializableValueError', details: { nodeId: 'fetch' } })
      expect(error.details['path']).toMatch(/^\/a~1b\/1\/entries\/0\/1/)
      expect(error.message).toContain(word)
      expect(error.message).toContain('"fetch"')
    })

    it(`${kind} is refused at the root too`, () => {
      expect(refusal(make()).code).toBe(code)
    })
  }

  it('names the member, not only its container', () => {
    expect(refusal({ list: [1, { f: () => 1 }] }).details).toEqual({ path: '/list/1/f', kind: 'function' })
    expect(refusal(Object.defineProperty({ a: {} }, 'x', throwing)).details['path']).toBe('/x')
    expect(refusal(new Error('', { cause: Symbol() })).details['path']).toBe('/cause')
    expect(refusal({ '#type': Symbol() }).details['path']).toBe('/##type')
  })

  it('keeps what an accessor threw as the cause', () => {
    expect(refusal(Object.defineProperty({}, 'x', throwing)).cause).toMatchObject({ message: 'no' })
  })

  it('gives a path and kind that are well-formed text whatever the names are', () => {
    const error = refusal({ '\ud800': () => 1 })
    expect(JSON.stringify(error.details)).not.toContain('\\ud')
  })
})
