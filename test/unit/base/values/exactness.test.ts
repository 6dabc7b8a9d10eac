import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { encodedText } from '../../../../src/base/encoded.ts'
import { isWaystoneError, type WaystoneError } from '../../../../src/base/errors.ts'
import type { JsonValue } from '../../../../src/base/json.ts'
import { createCodec, defaultCodec } from '../../../../src/base/values/codec.ts'
import { difference } from '../../../helpers/equal-values.ts'
import { valueKinds } from '../../../helpers/value-kinds.ts'

const json = (value: unknown): string => encodedText(defaultCodec.encode(value))
const copyOf = (value: unknown): unknown => defaultCodec.decode(defaultCodec.encode(value))

function thrown(act: () => unknown): WaystoneError {
  try {
    act()
  } catch (error) {
    if (isWaystoneError(error)) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('a value is written alike whatever surrounds it', () => {
  it('in another realm: its built-ins are taken for what they are', () => {
    const foreign: unknown = runInNewContext(
      '({ a: [1], m: new Map([[1, 2]]), d: new Date(0), e: new TypeError("t"), u: Uint8Array.of(1), r: /a/g })',
    )
    expect(json(foreign)).toBe(
      '{"a":[1],"m":{"#type":"Map","entries":[[1,2]]},"d":{"#type":"Date","value":"1970-01-01T00:00:00.000Z"},' +
        '"e":{"#type":"Error","class":"TypeError","message":"t"},"u":{"#type":"Uint8Array","base64":"AQ=="},' +
        '"r":{"#type":"RegExp","flags":"g","source":"a"}}',
    )
  })

  for (const name of ['toJSON', 'value', 'a', 'cause', 'code', 'lastIndex', 'proto', 'entries', 'limits']) {
    it(`with ${name} put on Object.prototype, as a setter and as a value`, () => {
      const values = [{ a: [1, new Date(0)] }, { a: ['x'], b: -0 }, new Map([[1, { b: 2 }]]), ['s'], new Error('e')]
      const texts = values.map(json)
      const raise = () => {
        throw new Error('a setter ran')
      }
      const shared = Object.prototype as unknown as Record<string, unknown>
      const seen: unknown[] = []
      try {
        for (const kind of ['accessor', 'value']) {
          if (kind === 'value') shared[name] = () => 'polluted'
          else Object.defineProperty(shared, name, { configurable: true, get: () => () => 'polluted', set: raise })
          seen.push(
            values.map(json),
            texts.map((text) => Object.keys(Object(defaultCodec.decode({ json: text })))),
          )
          Reflect.deleteProperty(shared, name)
        }
      } finally {
        Reflect.deleteProperty(shared, name)
      }
      const keys = values.map((value) => Object.keys(value))
      expect(seen).toEqual([texts, keys, texts, keys])
    })
  }

  it('reads an accessor at an index of an array once', () => {
    let reads = 0
    const get = () => {
      reads += 1
      return reads
    }
    expect(json({ list: Object.defineProperty([0], 0, { enumerable: true, get }) })).toBe('{"list":[1]}')
    expect(reads).toBe(1)
  })
})

it('a buffer that can be resized is refused', () => {
  const make = ArrayBuffer as unknown as new (size: number, options: { maxByteLength: number }) => ArrayBuffer
  expect(thrown(() => json(new make(1, { maxByteLength: 2 }))).code).toBe('VALUE_UNSUPPORTED')
})

describe('errors', () => {
  it('have an enumerable cause once, and no errors they did not have', () => {
    const caused = Object.assign(new Error('m'), { cause: 1 })
    expect(json(caused)).toBe('{"#type":"Error","class":"Error","message":"m","props":{"cause":1}}')
    const bare = new AggregateError([], 'm')
    Reflect.deleteProperty(bare, 'errors')
    expect(Object.hasOwn(copyOf(bare) as Error, 'errors')).toBe(false)
  })

  it('come back with what was enumerable enumerable, and the rest not', () => {
    const error = Object.assign(new Error('m'), { name: 'N', k: 1 })
    expect(Object.keys(copyOf(error) as Error)).toEqual(['name', 'k'])
    const hidden = copyOf(new AggregateError([1], 'm', { cause: 2 })) as AggregateError
    expect([Object.keys(hidden), hidden.errors, hidden.cause]).toEqual([[], [1], 2])
  })

  it('keep a code wherever it stands', () => {
    const copy = copyOf(Object.defineProperty(new Error('m'), 'code', { value: 'E' })) as Error & { code?: unknown }
    expect(copy.code).toBe('E')
  })
})

describe('limits', () => {
  for (const { kind, make, text } of valueKinds.filter((each) => each.text.includes('{') || each.text.includes('['))) {
    it(`count ${kind} the same when it is written and when it is read`, () => {
      const tree = [JSON.parse(text) as JsonValue]
      const [maxMembers, maxElements, maxDepth] = size(tree)
      const limits = { maxMembers, maxElements, maxDepth }
      const exact = createCodec({ limits })
      expect(encodedText(exact.encode([make()]))).toBe(`[${text}]`.replaceAll('"path":"', '"path":"/0'))
      // references of the text point from its own root, so a tree with any is only measured when it is written
      const hasReference = text.includes('"ref"')
      if (!hasReference) exact.check(tree)
      for (const [name, max] of Object.entries(limits)) {
        if (max === 0) continue
        const tight = createCodec({ limits: { ...limits, [name]: max - 1 } })
        expect(thrown(() => tight.encode([make()])).details['limit']).toBe(name)
        if (!hasReference) expect(thrown(() => tight.check(tree)).details['limit']).toBe(name)
      }
    })
  }

  it('give an error and not a crash when the depth is far beyond what the stack holds', () => {
    const codec = createCodec({ limits: { maxDepth: Number.POSITIVE_INFINITY } })
    let deep: unknown = []
    for (let level = 0; level < 200_000; level += 1) deep = [deep]
    expect(thrown(() => codec.encode(deep)).code).toBe('VALUE_LIMIT')
    const text = `[{"#type":"undefined"},${'['.repeat(200_000)}${']'.repeat(200_000)}]`
    expect(thrown(() => codec.decode({ json: text })).code).toBe('VALUE_LIMIT')
  })

  it('give an error with the same code when little of the stack is left', () => {
    let deep: unknown = [new Date(0)]
    for (let level = 0; level < 450; level += 1) deep = [deep]
    const encoded = defaultCodec.encode(deep)
    const seen = new Set<string>()
    const fill = (act: () => unknown): void => {
      try {
        fill(act)
        // the way back up from the full stack gives every amount of room in turn
        if (seen.size < 2) {
          try {
            act()
            seen.add('done')
          } catch (error) {
            seen.add(isWaystoneError(error) ? error.code : 'stack')
          }
        }
      } catch {
        // the stack is full: its caller tries
      }
    }
    fill(() => defaultCodec.decode(encoded))
    expect([...seen].every((result) => ['done', 'VALUE_LIMIT', 'stack'].includes(result))).toBe(true)
    expect(difference(defaultCodec.decode(encoded), deep)).toBeNull()
  })
})

/** Members, elements and depth of a tree, by another way than the codec's. */
function size(tree: JsonValue): [members: number, elements: number, depth: number] {
  if (typeof tree !== 'object' || tree === null) return [0, 0, 0]
  const children = Object.values(tree) as JsonValue[]
  const sizes = children.map(size)
  const sum = (index: 0 | 1) => sizes.reduce((total, each) => total + each[index], 0)
  const isArray = Array.isArray(tree)
  const depth = 1 + Math.max(0, ...sizes.map((each) => each[2]))
  return [sum(0) + (isArray ? 0 : children.length), sum(1) + (isArray ? children.length : 0), depth]
}
