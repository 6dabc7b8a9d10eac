import { afterEach, describe, expect, it } from 'vitest'
import { WaystoneError } from '../../../../src/base/errors.ts'
import type { JsonValue } from '../../../../src/base/json.ts'
import { createCodec, defaultCodec, type ValueCodec } from '../../../../src/base/values/codec.ts'
import type { ValueLimits } from '../../../../src/base/values/limits.ts'

const shapeOf = (object: object) => JSON.stringify(Reflect.ownKeys(object).map(String))
const prototypes = [Object.prototype, Array.prototype, Map.prototype, Error.prototype, Function.prototype]
const before = prototypes.map(shapeOf)
afterEach(() => {
  expect(prototypes.map(shapeOf)).toEqual(before)
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})

const tag = (type: string, members: string): string => `{"#type":"${type}",${members}}`
const ref = (path: string): string => `{"#type":"ref","path":${JSON.stringify(path)}}`
const keyed = (key: string): string => tag('Object', `"entries":[[${key},1]]`)

/** Texts that are refused, with the code. */
const HOSTILE: readonly (readonly [what: string, text: string, code: string])[] = [
  // reference paths
  ...[
    '/__proto__',
    '/constructor',
    '/constructor/prototype',
    '/length',
    '/a/length',
    '/toString',
    '/-',
    '/01',
    'a',
    '#',
    '/~2',
  ].map((path) => [`reference to ${path}`, `{"a":[1],"b":${ref(path)}}`, 'VALUE_BAD_REF'] as const),
  ['reference to itself', ref(''), 'VALUE_BAD_REF'],
  ['reference to a reference', `[{},${ref('/0')},${ref('/1')}]`, 'VALUE_BAD_REF'],
  ['ring of references', `[${ref('/1')},${ref('/0')}]`, 'VALUE_BAD_REF'],
  ['reference forward', `[${ref('/1')},{}]`, 'VALUE_BAD_REF'],
  ['reference to a primitive', `["a",${ref('/0')}]`, 'VALUE_BAD_REF'],
  ['reference into a string', `["ab",${ref('/0/0')}]`, 'VALUE_BAD_REF'],
  ['reference to part of a tag', `[{"#type":"Set","values":[1]},${ref('/0/values')}]`, 'VALUE_BAD_REF'],
  ['reference to an undefined tag', `[{"#type":"undefined"},${ref('/0')}]`, 'VALUE_BAD_REF'],
  ['reference that is no text', '{"#type":"ref","path":["/"]}', 'VALUE_BAD_TAG'],
  // keys
  ['__proto__ in a plain object', '{"__proto__":{"polluted":1}}', 'SNAPSHOT_FORBIDDEN_KEY'],
  ['__proto__ spelled with escapes', '{"\\u005f_proto__":{"polluted":1}}', 'SNAPSHOT_FORBIDDEN_KEY'],
  ['__proto__ in a tag', '{"#type":"undefined","__proto__":1}', 'SNAPSHOT_FORBIDDEN_KEY'],
  [
    '__proto__ in the properties of an error',
    tag('Error', '"class":"Error","message":"","props":{"__proto__":{}}'),
    'SNAPSHOT_FORBIDDEN_KEY',
  ],
  ['key that is an array', keyed('["__proto__"]'), 'VALUE_BAD_TAG'],
  ['key that is an object', keyed('{"a":1}'), 'VALUE_BAD_TAG'],
  ['key that is a number', keyed('0'), 'VALUE_BAD_TAG'],
  ['key that is null', keyed('null'), 'VALUE_BAD_TAG'],
  ['key that is a boxed string', keyed('{"#type":"boxed","value":"__proto__"}'), 'VALUE_BAD_TAG'],
  ['key twice', tag('Object', '"entries":[["a",1],["a",2]]'), 'VALUE_BAD_TAG'],
  ['Map key twice', tag('Map', '"entries":[["a",1],["a",2]]'), 'VALUE_BAD_TAG'],
  ['Set value twice', tag('Set', '"values":[1,1]'), 'VALUE_BAD_TAG'],
  ['array with the property length', tag('Array', '"entries":[["length",9]],"length":0'), 'VALUE_BAD_TAG'],
  ['array with an index as property', tag('Array', '"entries":[["0",9]],"length":1'), 'VALUE_BAD_TAG'],
  // tags
  ['unknown tag', '{"#type":"Function","value":"alert(1)"}', 'VALUE_UNKNOWN_TAG'],
  ['slot tag of a document', '{"#type":"slot","id":"a"}', 'VALUE_UNKNOWN_TAG'],
  ['tag named constructor', '{"#type":"constructor"}', 'VALUE_UNKNOWN_TAG'],
  ['tag named __proto__', '{"#type":"__proto__"}', 'VALUE_UNKNOWN_TAG'],
  ['tag that is no text', '{"#type":["Date"],"value":null}', 'VALUE_UNKNOWN_TAG'],
  ['tag spelled with escapes', '{"\\u0023type":"Nope"}', 'VALUE_UNKNOWN_TAG'],
  ['tag with a member too many', '{"#type":"undefined","value":1}', 'VALUE_BAD_TAG'],
  ['tag with a member missing', '{"#type":"Map"}', 'VALUE_BAD_TAG'],
  ['member that is inherited, not own', '{"#type":"Error","class":"toString","message":""}', 'VALUE_BAD_TAG'],
  ['proto that is no null', tag('Object', '"entries":[],"proto":{}'), 'VALUE_BAD_TAG'],
  ['entry that is no pair', tag('Map', '"entries":[[1]]'), 'VALUE_BAD_TAG'],
  ['entries that are array-like', tag('Map', '"entries":{"length":1000000000}'), 'VALUE_BAD_TAG'],
  ['error of a class outside the list', tag('Error', '"class":"Function","message":""'), 'VALUE_BAD_TAG'],
  ['error message that is an object', tag('Error', '"class":"Error","message":{}'), 'VALUE_BAD_TAG'],
  ['error properties that are an array', tag('Error', '"class":"Error","message":"","props":[]'), 'VALUE_BAD_TAG'],
  ['boxed object', tag('boxed', '"value":{}'), 'VALUE_BAD_TAG'],
  ['unregistered class', tag('class', '"name":"Money","value":1,"v":1'), 'VALUE_UNKNOWN_CLASS'],
  ['class named like a global', tag('class', '"name":"Function","value":"1","v":1'), 'VALUE_UNKNOWN_CLASS'],
  ['class with version 0', tag('class', '"name":"Money","value":1,"v":0'), 'VALUE_BAD_TAG'],
  // scalars
  ['number out of range', '{"#type":"number","value":"1"}', 'VALUE_BAD_TAG'],
  ['bigint with a leading zero', '{"#type":"bigint","value":"01"}', 'VALUE_BAD_TAG'],
  ['bigint in hexadecimal', '{"#type":"bigint","value":"0x1"}', 'VALUE_BAD_TAG'],
  ['bigint that is a number', '{"#type":"bigint","value":1}', 'VALUE_BAD_TAG'],
  ['bigint of 10,001 digits', `{"#type":"bigint","value":"${'9'.repeat(10_001)}"}`, 'VALUE_LIMIT'],
  ['date that is no ISO time', '{"#type":"Date","value":"yesterday"}', 'VALUE_BAD_TAG'],
  ['date that is a number', '{"#type":"Date","value":0}', 'VALUE_BAD_TAG'],
  ['well-formed text as code units', '{"#type":"string","utf16":"0061"}', 'VALUE_BAD_TAG'],
  ['code units in capitals', '{"#type":"string","utf16":"D83D"}', 'VALUE_BAD_TAG'],
  ['URL that is none', '{"#type":"URL","value":"nowhere"}', 'VALUE_BAD_TAG'],
  ['URL not as it prints itself', '{"#type":"URL","value":"HTTP://a.example"}', 'VALUE_BAD_TAG'],
  // lengths and binary data
  ['base64 that is a number', '{"#type":"Uint8Array","base64":1000000000}', 'VALUE_BAD_TAG'],
  ['base64 that is an object', '{"#type":"ArrayBuffer","base64":{"length":1000000000}}', 'VALUE_BAD_TAG'],
  ['length of a view', '{"#type":"Uint8Array","length":1000000000}', 'VALUE_BAD_TAG'],
  ['base64 without padding', '{"#type":"Uint8Array","base64":"AA"}', 'VALUE_BAD_TAG'],
  ['base64 with spare bits', '{"#type":"Uint8Array","base64":"AB=="}', 'VALUE_BAD_TAG'],
  ['base64 with white space', '{"#type":"Uint8Array","base64":"AA A"}', 'VALUE_BAD_TAG'],
  ['base64 of the URL alphabet', '{"#type":"Uint8Array","base64":"__-_"}', 'VALUE_BAD_TAG'],
  ['padding alone', '{"#type":"Uint8Array","base64":"===="}', 'VALUE_BAD_TAG'],
  ['bytes that are no whole elements', '{"#type":"Int32Array","base64":"AAAA"}', 'VALUE_BAD_TAG'],
  ['sparse length beyond the limit', tag('Array', '"entries":[],"length":100000000'), 'VALUE_LIMIT'],
  ['sparse length beyond any array', tag('Array', '"entries":[],"length":4294967296'), 'VALUE_BAD_TAG'],
  ['negative length', tag('Array', '"entries":[],"length":-1'), 'VALUE_BAD_TAG'],
  ['element beyond the length', tag('Array', '"entries":[[5,1]],"length":2'), 'VALUE_BAD_TAG'],
  ['element twice', tag('Array', '"entries":[[0,1],[0,2]],"length":2'), 'VALUE_BAD_TAG'],
  // regular expressions
  ['pattern beyond the limit', tag('RegExp', `"flags":"","source":"${'a'.repeat(10_001)}"`), 'VALUE_LIMIT'],
  ['pattern that does not compile', tag('RegExp', '"flags":"","source":"("'), 'VALUE_BAD_TAG'],
  ['flag twice', tag('RegExp', '"flags":"gg","source":"a"'), 'VALUE_BAD_TAG'],
  ['unknown flag', tag('RegExp', '"flags":"x","source":"a"'), 'VALUE_BAD_TAG'],
  ['lastIndex that is an object', tag('RegExp', '"flags":"g","source":"a","lastIndex":{}'), 'VALUE_BAD_TAG'],
]

function codeOf(read: () => unknown): unknown {
  try {
    read()
    return 'accepted'
  } catch (error) {
    if (error instanceof WaystoneError) return error.code
    throw error
  }
}

describe('hostile texts', () => {
  for (const [what, text, code] of HOSTILE) {
    it(`${what}: ${code}, alone and inside, in decode, decodeTree and check`, () => {
      const inside = `{"#type":"Set","values":[${text}]}`
      const json = code === 'VALUE_BAD_REF' ? text : inside
      for (const each of [text, json]) {
        const tree = JSON.parse(each) as JsonValue
        expect(codeOf(() => defaultCodec.decode({ json: each }))).toBe(code)
        expect(codeOf(() => defaultCodec.decodeTree(tree))).toBe(code)
        expect(codeOf(() => defaultCodec.check(tree))).toBe(code)
      }
    })
  }

  it('a decoded __proto__ key is an own property that changes nobody', () => {
    const json = '{"#type":"Object","entries":[["__proto__",{"polluted":1}]]}'
    const value = defaultCodec.decode({ json }) as object
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(Object.keys(value)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf({ ...value })).toBe(Object.prototype)
  })

  it('a value with a then of its own comes back without being called', async () => {
    const json = '{"then":{"a":1}}'
    const wrapped = await Promise.resolve({ value: defaultCodec.decode({ json }) })
    expect(wrapped.value).toEqual(JSON.parse(json))
  })

  it('40 levels of doubled references stay small both ways', () => {
    let value: unknown = []
    for (let level = 0; level < 40; level += 1) value = [value, value]
    const encoded = defaultCodec.encode(value) as { json: string }
    expect(encoded.json.length).toBeLessThan(4_000)
    expect(defaultCodec.encode(defaultCodec.decode(encoded))).toEqual(encoded)
  })

  it('numbers that are not finite, or -0, are refused in a tree', () => {
    for (const text of ['[1e999]', '[-1e999]', '[-0]']) {
      expect(codeOf(() => defaultCodec.check(JSON.parse(text) as JsonValue))).toBe('SNAPSHOT_NON_FINITE')
    }
  })
})

describe('limits', () => {
  const nested = (levels: number): unknown => {
    let value: unknown = []
    for (let level = 1; level < levels; level += 1) value = [value]
    return value
  }
  const small = (limits: Partial<ValueLimits>): ValueCodec => createCodec({ limits })

  /** Values just within and just beyond each limit. */
  const EDGES: readonly (readonly [limit: string, codec: ValueCodec, within: unknown, beyond: unknown])[] = [
    ['maxDepth', defaultCodec, nested(500), nested(501)],
    ['maxDepth', small({ maxDepth: 2 }), { a: [1] }, { a: [{}] }],
    ['maxDepth', small({ maxDepth: 3 }), new Map([[1, 2]]), new Map([[1, []]])],
    ['maxMembers', small({ maxMembers: 2 }), [{ a: 1 }, { b: 1 }], [{ a: 1 }, { b: 1, c: 2 }]],
    ['maxElements', small({ maxElements: 3 }), [1, [2]], [1, [2, 3]]],
    ['maxKeysPerObject', small({ maxKeysPerObject: 1 }), [{ a: 1 }, { b: 1 }], { a: 1, b: 2 }],
    ['maxKeyLength', small({ maxKeyLength: 5 }), { '#type': 1 }, { '##type': 1 }],
    ['maxStringLength', small({ maxStringLength: 3 }), ['abc'], ['abcd']],
    ['maxStringLength', small({ maxStringLength: 3 }), 'abc', 'abcd'],
    ['maxBigIntDigits', small({ maxBigIntDigits: 3 }), [-999n], [-1000n]],
    ['maxBigIntDigits', defaultCodec, 10n ** 10_000n - 1n, 10n ** 10_000n],
    ['maxSparseLength', small({ maxSparseLength: 3 }), new Array(3), new Array(4)],
    ['maxBinaryBytes', small({ maxBinaryBytes: 4 }), [new Uint8Array(2), new Uint8Array(2)], [new Uint8Array(5)]],
    ['maxRegExpLength', small({ maxRegExpLength: 3 }), /abc/, /abcd/],
    ['maxRefs', small({ maxRefs: 1 }), twice(2), twice(3)],
  ]

  for (const [limit, codec, within, beyond] of EDGES) {
    it(`${limit} ${codec.limits[limit as keyof typeof codec.limits]} is the same edge when writing and when reading`, () => {
      const refused = expect.objectContaining({ code: 'VALUE_LIMIT', details: expect.objectContaining({ limit }) })
      const wide = createCodec({ limits: { maxDepth: 600, maxBigIntDigits: 20_000 } })
      const tree = (value: unknown): JsonValue => {
        const encoded = wide.encode(value)
        return typeof encoded === 'object' && encoded !== null ? (JSON.parse(encoded.json) as JsonValue) : encoded
      }
      codec.decode(codec.encode(within))
      codec.check(tree(within))
      expect(() => codec.encode(beyond)).toThrow(refused)
      expect(() => codec.check(tree(beyond))).toThrow(refused)
    })
  }

  function twice(count: number): unknown {
    const part = {}
    return Array.from({ length: count }, () => part)
  }

  it('a depth without limit ends in the same error when the stack is full, plain or tagged', () => {
    const codec = small({ maxDepth: Infinity })
    let plain: unknown = []
    let tagged: unknown = new Set()
    for (let level = 0; level < 200_000; level += 1) {
      plain = [plain]
      tagged = new Set([tagged])
    }
    for (const value of [plain, tagged]) expect(codeOf(() => codec.encode(value))).toBe('VALUE_LIMIT')
    expect(codeOf(() => codec.decodeTree(plain as JsonValue))).toBe('VALUE_LIMIT')
  })

  it('an array is walked by its keys, not by its length', () => {
    const array: unknown[] = []
    array[999_999] = 1
    expect(defaultCodec.encode(array)).toEqual({ json: '{"#type":"Array","entries":[[999999,1]],"length":1000000}' })
    array[4_000_000_000] = 1
    expect(codeOf(() => defaultCodec.encode(array))).toBe('VALUE_LIMIT')
  })
})
