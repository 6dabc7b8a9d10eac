import { runInNewContext } from 'node:vm'
import { describe, expect, it, vi } from 'vitest'
import { encodedText } from '../../../../src/base/encoded.ts'
import { isWaystoneError, type WaystoneError } from '../../../../src/base/errors.ts'
import { createCodec, defaultCodec } from '../../../../src/base/values/codec.ts'
import { difference } from '../../../helpers/equal-values.ts'

const textOf = (value: unknown): string => encodedText(defaultCodec.encode(value))
const copyOf = (value: unknown): unknown => defaultCodec.decode(defaultCodec.encode(value))
const boom = (): never => {
  throw new Error('boom')
}

function refusal(value: unknown): readonly [code: string, path: unknown] {
  try {
    defaultCodec.encode(value)
  } catch (error) {
    if (isWaystoneError(error)) return [error.code, (error as WaystoneError).details['path']]
    throw error
  }
  throw new Error('the value was taken')
}

describe('a Proxy', () => {
  const shown = (target: object, get: (key: string | symbol) => unknown) =>
    new Proxy(target, { get: (_, key) => get(key) })

  it('is taken for what reading it shows, not for what its target holds', () => {
    expect(textOf([shown({ a: 1 }, (key) => (key === 'a' ? new Date(0) : undefined))])).toBe(
      '[{"a":{"#type":"Date","value":"1970-01-01T00:00:00.000Z"}}]',
    )
    expect(textOf({ x: shown({ a: 1 }, () => undefined) })).toBe('{"x":{"a":{"#type":"undefined"}}}')
    expect(textOf([new Proxy([1, 2], { get: (list, key) => (key === '0' ? 7 : Reflect.get(list, key)) })])).toBe(
      '[[7,2]]',
    )
    expect(refusal({ x: shown({ a: 1 }, () => boom) })).toEqual(['VALUE_FUNCTION', '/x/a'])
  })

  it('has no toJSON called that it makes up', () => {
    expect(textOf([shown({}, () => () => 'called')])).toBe('[{}]')
  })

  it('that hands out another Proxy of a part each time is written once for each meeting', () => {
    const wrap = (target: object): object =>
      new Proxy(target, {
        get: (object, key) => {
          const value: unknown = Reflect.get(object, key)
          return typeof value === 'object' && value !== null ? wrap(value) : value
        },
      })
    expect(textOf(wrap({ a: { b: [1, { c: null }] } }))).toBe('{"a":{"b":[1,{"c":null}]}}')
  })

  it('of an array that makes up another value each time is not written unread', () => {
    let reads = 0
    const get = (list: object, key: string | symbol): unknown => {
      if (key !== '0') return Reflect.get(list, key)
      reads += 1
      return reads === 1 ? 1 : boom
    }
    expect(refusal({ x: new Proxy([1], { get }) })).toEqual(['VALUE_FUNCTION', '/x/0'])
  })

  it('of a Map or Date is refused: it has no slot', () => {
    expect(refusal([new Proxy(new Map(), {})])).toEqual(['VALUE_UNSUPPORTED', '/0'])
    expect(refusal([new Proxy(new Date(0), {})])).toEqual(['VALUE_UNSUPPORTED', '/0'])
  })

  it.each(['ownKeys', 'getPrototypeOf', 'getOwnPropertyDescriptor', 'get'] as const)(
    'whose %s throws is refused with its path',
    (trap) => {
      const [code, path] = refusal({ list: [new Proxy({ x: 1 }, { [trap]: boom })] })
      expect(code).toBe('VALUE_ACCESSOR')
      expect(path).toMatch(/^\/list\/0/)
    },
  )

  it('that is revoked is refused, an array too', () => {
    for (const target of [{}, []]) {
      const { proxy, revoke } = Proxy.revocable(target, {})
      revoke()
      expect(refusal({ a: proxy })).toEqual(['VALUE_ACCESSOR', '/a'])
    }
  })
})

describe('an object that is met again', () => {
  const rows = Array.from({ length: 30 }, (_, id) => ({ id, part: { deep: [{ id }] } }))

  it.each([0, 3, 7, 8, 9, 29])('among many, whether it holds others or not, is a reference (row %i)', (at) => {
    const row = rows[at]!
    const before = JSON.stringify(rows).slice(0, -1)
    expect(textOf([...rows, row])).toBe(`${before},{"#type":"ref","path":"/${at}"}]`)
    expect(textOf([...rows, row.part.deep[0]])).toBe(`${before},{"#type":"ref","path":"/${at}/part/deep/0"}]`)
    expect(textOf([...rows, [row.part]])).toBe(`${before},[{"#type":"ref","path":"/${at}/part"}]]`)
  })

  it('is a reference when nothing in the value ends the circle', () => {
    const list: unknown[] = []
    list.push([list], list)
    expect(textOf(list)).toBe('[[{"#type":"ref","path":""}],{"#type":"ref","path":""}]')
  })
})

describe('an accessor', () => {
  it('is read once in an object whose keys were seen before, in this value and in one before', () => {
    const codec = createCodec()
    codec.encode([{ seen: 1, before: 2 }])
    let reads = 0
    const late = Object.defineProperty({ seen: 1, before: 0 }, 'before', { get: () => ++reads })
    expect(codec.encode([{ seen: 1, before: 2 }, late])).toEqual({
      json: '[{"seen":1,"before":2},{"seen":1,"before":1}]',
    })
    expect(reads).toBe(1)
    const odd = Object.assign({ seen: 1, before: 2 }, { [Symbol('odd')]: 1 })
    expect(() => codec.encode([odd])).toThrow(expect.objectContaining({ code: 'VALUE_SYMBOL_KEY' }))
  })

  it('is read once, in a value that is met again and in one that leads back to itself', () => {
    let reads = 0
    const part: { self?: unknown; readonly n: number } = {
      get n() {
        reads += 1
        return reads
      },
    }
    part.self = part
    expect(textOf([part, part, new Date(0)])).toBe(
      '[{"n":1,"self":{"#type":"ref","path":"/0"}},{"#type":"ref","path":"/0"},{"#type":"Date","value":"1970-01-01T00:00:00.000Z"}]',
    )
    expect(reads).toBe(1)
  })

  it('that gives a part of the value gives a reference to it', () => {
    const part = { deep: [1] }
    const value = {
      plain: [{ a: 1 }],
      part,
      get again() {
        return part.deep
      },
    }
    expect(textOf(value)).toBe('{"plain":[{"a":1}],"part":{"deep":[1]},"again":{"#type":"ref","path":"/part/deep"}}')
  })

  it('that throws is refused with its path, and what it threw is the cause', () => {
    expect(
      refusal({
        a: [
          {
            get b() {
              return boom()
            },
          },
        ],
      }),
    ).toEqual(['VALUE_ACCESSOR', '/a/0/b'])
  })
})

describe('what is not kept', () => {
  it('is left out where it is no data: non-enumerable properties and symbols, frozenness', () => {
    const hidden = Object.defineProperties({ y: 1 }, { x: { value: 1 }, [Symbol('s')]: { value: 1 } })
    expect(textOf([hidden, Object.defineProperty([1], 'x', { value: 1 })])).toBe('[{"y":1},[1]]')
    const frozen = Object.freeze({ a: Object.freeze([1]), m: Object.freeze(new Map([[1, 2]])) })
    expect(difference(copyOf(frozen), { a: [1], m: new Map([[1, 2]]) })).toBeNull()
    expect(Object.isFrozen(copyOf(frozen))).toBe(false)
  })

  it('is refused where it is: symbol keys, a class that would speak for itself, memory that is gone or shared', () => {
    class Speaking {
      toJSON(): string {
        return 'called'
      }
    }
    const gone = new ArrayBuffer(4)
    const view = new Uint8Array(gone)
    structuredClone(gone, { transfer: [gone] })
    expect(refusal({ a: [{ [Symbol('s')]: 1 }] })).toEqual(['VALUE_SYMBOL_KEY', '/a/0'])
    expect(refusal({ a: new Speaking() })).toEqual(['VALUE_CLASS', '/a'])
    expect(refusal([gone])).toEqual(['VALUE_UNSUPPORTED', '/0'])
    expect(refusal([view])).toEqual(['VALUE_UNSUPPORTED', '/0'])
    expect(refusal([new SharedArrayBuffer(1)])).toEqual(['VALUE_UNSUPPORTED', '/0'])
  })
})

describe('another realm', () => {
  it('has plain parts, tags, holes and errors like this one', () => {
    const foreign: unknown = runInNewContext(
      '({ o: { x: [] }, n: Object.create(null), s: new Set([[1]]), dv: new DataView(new ArrayBuffer(1)), b: 10n, ' +
        'bo: new Boolean(true), p: [undefined, , 1], ae: new AggregateError([1], "m"), m: new Map([[{}, 1]]) })',
    )
    expect(textOf(foreign)).toBe(
      '{"o":{"x":[]},"n":{"#type":"Object","entries":[],"proto":null},"s":{"#type":"Set","values":[[1]]},' +
        '"dv":{"#type":"DataView","base64":"AA=="},"b":{"#type":"bigint","value":"10"},"bo":{"#type":"boxed","value":true},' +
        '"p":{"#type":"Array","entries":[[0,{"#type":"undefined"}],[2,1]],"length":3},' +
        '"ae":{"#type":"Error","class":"AggregateError","message":"m","errors":[1]},' +
        '"m":{"#type":"Map","entries":[[{},1]]}}',
    )
  })

  it('has its classes, promises and arguments refused', () => {
    expect(refusal([runInNewContext('new (class A {})()')])).toEqual(['VALUE_CLASS', '/0'])
    expect(refusal([runInNewContext('Promise.resolve(1)')])).toEqual(['VALUE_PROMISE', '/0'])
    expect(refusal([runInNewContext('(function () { return arguments })(1)')])).toEqual(['VALUE_UNSUPPORTED', '/0'])
  })
})

it('a key that needs a tag is seen after many objects that are nearly alike', () => {
  const alike = Array.from({ length: 3 }, () => ({ '#a': 1, x: 2 }))
  expect(textOf([...alike, { '#type': 1, x: 2 }, { '#a': 1, '#type': 2 }])).toBe(
    `${JSON.stringify(alike).slice(0, -1)},{"##type":1,"x":2},{"#a":1,"##type":2}]`,
  )
  expect(textOf([{ x: 1 }, { x: 1 }, { 'x\ud800': 1 }])).toContain('{"#type":"Object","entries":[[{"#type":"string"')
  expect(textOf([{ _: 1 }, JSON.parse('{"__proto__":1}')])).toBe(
    '[{"_":1},{"#type":"Object","entries":[["__proto__",1]]}]',
  )
  expect(refusal([{ x: 1 }, { ['x'.repeat(70_000)]: 1 }])).toEqual(['VALUE_LIMIT', '/1'])
})

describe('size', () => {
  it('a string beyond the limit is refused with its path', () => {
    expect(refusal({ a: ['x'.repeat(50_000_000)] })).toEqual(['VALUE_LIMIT', '/a/0'])
  })

  it('a text longer than a string can be is refused by that name, not as something unreadable', () => {
    // the engine's own error, without the second it takes to write half a gigabyte
    const stringify = vi.spyOn(JSON, 'stringify').mockImplementationOnce(() => 'x'.repeat(2 ** 30))
    try {
      expect(() => defaultCodec.encode([1])).toThrow(
        expect.objectContaining({
          code: 'VALUE_UNSUPPORTED',
          message: expect.stringContaining('longer than a string can be'),
        }),
      )
    } finally {
      stringify.mockRestore()
    }
  })

  it('an object of 100,000 keys and an array of 100,000 containers come back equal', () => {
    const keys = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, index]))
    const list = Array.from({ length: 100_000 }, (_, index) => [index])
    expect(textOf(keys)).toBe(JSON.stringify(keys))
    expect(textOf(list)).toBe(JSON.stringify(list))
    expect(refusal([Object.fromEntries(Array.from({ length: 200_001 }, (_, index) => [index, index]))])).toEqual([
      'VALUE_LIMIT',
      '/0',
    ])
  })

  it('an array of the greatest length is refused by its length, at once', () => {
    const list: unknown[] = []
    list.length = 2 ** 32 - 1
    expect(refusal({ list })).toEqual(['VALUE_LIMIT', '/list'])
  })
})

describe('sharing in a large value', () => {
  const rows = (count: number): unknown[] =>
    Array.from({ length: count }, (_, id) => ({ id, tags: ['a', 'b'], empty: {} }))

  it.each([10, 2_000, 20_000])('is found between the first and the last of %d rows', (count) => {
    const list = rows(count)
    const part = { tags: ['a', 'b'] }
    const copy = copyOf([part, ...list, { of: part }]) as { of: unknown }[]
    expect(copy.at(-1)?.of).toBe(copy[0])
    expect((copy[1] as { tags?: unknown }).tags).not.toBe((copy[2] as { tags?: unknown }).tags)
  })

  it('is found when there are tags, and parts that only look alike stay two', () => {
    const list = rows(3_000)
    const shared: unknown[] = []
    const text = textOf([...list, new Date(0), shared, [], new Map([[shared, []]])])
    expect(text.endsWith(',[],[],{"#type":"Map","entries":[[{"#type":"ref","path":"/3001"},[]]]}]')).toBe(true)
  })

  it('is found of a container that holds most of the others', () => {
    const wide = { kind: 'wide', rows: rows(3_000) }
    const copy = copyOf({ first: wide, list: rows(3_000), again: wide }) as { first: unknown; again: unknown }
    expect(copy.again).toBe(copy.first)
  })

  it('at every level is not unfolded, however wide the levels are', () => {
    let value: unknown = []
    const wide = () => Array.from({ length: 1_500 }, () => ({}))
    for (let level = 0; level < 20; level += 1) value = [wide(), value, value]
    const codec = createCodec({ limits: { maxElements: Infinity, maxMembers: Infinity } })
    const encoded = codec.encode(value)
    expect(encodedText(encoded).length).toBeLessThan(200_000)
    expect(codec.encode(codec.decode(encoded))).toEqual(encoded)
  })

  it('5,000 children that know their parent lead back to it', () => {
    const root: { kids: unknown[] } = { kids: [] }
    for (let index = 0; index < 5_000; index += 1) root.kids.push({ index, parent: root })
    expect(difference(copyOf(root), root)).toBeNull()
  })
})
