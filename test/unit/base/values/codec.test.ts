import { describe, expect, it } from 'vitest'
import { ENCODED_UNDEFINED, encodedFromText, encodedText } from '../../../../src/base/encoded.ts'
import type { JsonValue } from '../../../../src/base/json.ts'
import { createCodec, defaultCodec } from '../../../../src/base/values/codec.ts'
import { difference } from '../../../helpers/equal-values.ts'
import { valueKinds } from '../../../helpers/value-kinds.ts'

const roundTrip = (value: unknown): unknown => defaultCodec.decode(defaultCodec.encode(value))
const textOf = (value: unknown): string => encodedText(defaultCodec.encode(value))

describe('kinds of values', () => {
  it('has at least 59 of them, no name twice', () => {
    expect(new Set(valueKinds.map(({ kind }) => kind)).size).toBe(valueKinds.length)
    expect(valueKinds.length).toBeGreaterThanOrEqual(59)
  })

  for (const { kind, make, text } of valueKinds) {
    it(`${kind} is written as its text and comes back equal`, () => {
      const value = make()
      const encoded = defaultCodec.encode(value)
      expect(encodedText(encoded)).toBe(text)
      expect(difference(make(), value)).toBeNull()
      expect(difference(value, defaultCodec.decode(encoded))).toBeNull()
      expect(difference(value, defaultCodec.decode(encodedFromText(text)))).toBeNull()
      expect(difference(value, defaultCodec.decodeTree(JSON.parse(text) as JsonValue))).toBeNull()
      expect(encodedText(defaultCodec.encode(defaultCodec.decode(encoded)))).toBe(text)
      defaultCodec.check(JSON.parse(text) as JsonValue)
    })

    it(`${kind} comes back equal inside other values`, () => {
      const value = [make(), { in: make() }, new Map([[make(), new Set([make()])]]), new Error('', { cause: make() })]
      expect(difference(value, roundTrip(value))).toBeNull()
    })
  }
})

describe('encode', () => {
  it('keeps JSON primitives as they are and undefined as the shared constant', () => {
    expect(['a', 1, true, null].map((value) => defaultCodec.encode(value))).toEqual(['a', 1, true, null])
    expect(defaultCodec.encode(undefined)).toBe(ENCODED_UNDEFINED)
  })

  it('never calls toJSON', () => {
    const value = { at: { a: 1, toJSON: 2 } }
    Object.defineProperty(value, 'toJSON', { value: () => 'called' })
    expect(textOf(value)).toBe('{"at":{"a":1,"toJSON":2}}')
    expect(textOf([new Date(0)])).toBe('[{"#type":"Date","value":"1970-01-01T00:00:00.000Z"}]')
  })

  it('does not call a toJSON put on a shared prototype', () => {
    const prototype = Array.prototype as unknown as Record<string, unknown>
    try {
      Object.defineProperty(prototype, 'toJSON', { value: () => 'called', configurable: true })
      expect(textOf({ a: [1] })).toBe('{"a":[1]}')
    } finally {
      Reflect.deleteProperty(prototype, 'toJSON')
    }
  })

  it('reads each accessor once and skips what is not enumerable', () => {
    let reads = 0
    const value = Object.defineProperty({}, 'hidden', { value: 1 })
    Object.defineProperty(value, 'seen', {
      enumerable: true,
      get: () => {
        reads += 1
        return { n: reads }
      },
    })
    expect(textOf(value)).toBe('{"seen":{"n":1}}')
    expect(reads).toBe(1)
  })

  it('tells built-ins by their slots, not by what they say of themselves', () => {
    const claims = { constructor: Map, length: 99, byteLength: 99, toString: 'x' }
    const view = Object.defineProperties(Uint8Array.of(7), Object.getOwnPropertyDescriptors(claims))
    expect(textOf(view)).toBe('{"#type":"Uint8Array","base64":"Bw=="}')
    expect(textOf({ constructor: 'Map', size: 3 })).toBe('{"constructor":"Map","size":3}')
  })

  it('writes only the window of a view, not its neighbours in a pooled buffer', () => {
    const pooled = Buffer.from('secret neighbours').subarray(0, 6)
    expect(textOf(pooled)).toBe('{"#type":"Buffer","base64":"c2VjcmV0"}')
    expect((roundTrip(pooled) as Buffer).buffer.byteLength).toBe(6)
  })

  it('takes an error of another class as the nearest built-in, with its name, code and properties', () => {
    class HttpError extends TypeError {
      override name = 'HttpError'
      get code(): string {
        return 'E_HTTP'
      }
    }
    const copy = roundTrip(new HttpError('gone')) as Error & { code?: unknown }
    expect(Object.getPrototypeOf(copy)).toBe(TypeError.prototype)
    expect({ name: copy.name, message: copy.message, code: copy.code }).toEqual({
      name: 'HttpError',
      message: 'gone',
      code: 'E_HTTP',
    })
  })

  it('keeps no stack', () => {
    const text = textOf(new Error('x'))
    expect(text).not.toContain('stack')
    expect((roundTrip(new Error('x')) as Error).stack).toBe('Error: x')
  })

  it('flattens a long text the same as a short one', () => {
    const value = Array.from({ length: 5_000 }, (_, index) => ({ index, at: new Date(index) }))
    expect(difference(value, roundTrip(value))).toBeNull()
  })
})

describe('decode', () => {
  it('makes the value anew each time', () => {
    const encoded = defaultCodec.encode({ a: new Map() })
    expect(defaultCodec.decode(encoded)).not.toBe(defaultCodec.decode(encoded))
  })

  it('shares nothing with the tree it is given', () => {
    const tree = { a: { b: [1] } }
    const value = defaultCodec.decodeTree(tree) as typeof tree
    expect(value).toEqual(tree)
    expect(value.a).not.toBe(tree.a)
    expect(value.a.b).not.toBe(tree.a.b)
  })

  it('puts the given path before the paths of errors', () => {
    const where = { code: 'VALUE_UNKNOWN_TAG', details: { path: '/results/a/0' } }
    expect(() => defaultCodec.check([{ '#type': 'Nope' }], '/results/a')).toThrow(expect.objectContaining(where))
  })

  it('refuses what is no encoded value', () => {
    const codes = [{ json: 1 }, {}].map((given) => {
      try {
        return defaultCodec.decode(given as never)
      } catch (error) {
        return (error as { code?: unknown }).code
      }
    })
    expect(codes).toEqual(['VALUE_BAD_TAG', 'VALUE_BAD_TAG'])
    expect(() => defaultCodec.decode({ json: '{' })).toThrow(expect.objectContaining({ code: 'SNAPSHOT_SYNTAX' }))
  })
})

describe('createCodec', () => {
  const code = (make: () => unknown): unknown => {
    try {
      make()
      return 'made'
    } catch (error) {
      return (error as { code?: unknown }).code
    }
  }

  it('refuses options and limits it does not know or can not use', () => {
    expect(code(() => createCodec({ reviver: 1 } as never))).toBe('OPTION_UNKNOWN')
    expect(code(() => createCodec({ limits: { maxFun: 1 } as never }))).toBe('OPTION_UNKNOWN')
    expect(code(() => createCodec({ limits: JSON.parse('{"__proto__":1}') as never }))).toBe('OPTION_UNKNOWN')
    for (const max of [-1, 1.5, Number.NaN, '1']) {
      expect(code(() => createCodec({ limits: { maxDepth: max as number } }))).toBe('ARGUMENT_INVALID')
    }
    expect(code(() => createCodec({ regexp: 'maybe' as never }))).toBe('ARGUMENT_INVALID')
    expect(code(() => createCodec({ limits: { maxDepth: Infinity } }))).toBe('made')
  })

  it('refuses regular expressions both ways when told to', () => {
    const strict = createCodec({ regexp: 'refuse' })
    expect(code(() => strict.encode([/a/]))).toBe('VALUE_UNSUPPORTED')
    expect(code(() => strict.decode(defaultCodec.encode([/a/])))).toBe('VALUE_BAD_TAG')
  })
})
