/** Kinds of values the codec keeps, each with the exact text it becomes. */
export interface Kind {
  readonly name: string
  readonly value: unknown
  readonly json: string
}

const circular: Record<string, unknown> = { list: [1] }
circular['self'] = circular
circular['again'] = circular['list']
const selfMap = new Map<unknown, unknown>()
selfMap.set('me', selfMap)
const selfSet = new Set<unknown>()
selfSet.add(selfSet)
const selfError = new Error('loop')
selfError.cause = selfError
const shared = { x: 1 }
const date = new Date(0)
const lastIndex = /a/g
lastIndex.lastIndex = 3
const matched = Object.assign(['ab', 'b'], { index: 1, input: 'xab' })
const parsed = (text: string): unknown => JSON.parse(text)
const hidden = Object.defineProperty({ seen: 1 }, 'unseen', { value: 2, enumerable: false })
const own = (view: Uint8Array) =>
  Object.defineProperties(view, {
    constructor: { value: Map },
    length: { value: 9 },
    byteLength: { value: 9 },
    toString: { value: () => 'no' },
  })

export const KINDS: readonly Kind[] = [
  { name: 'null', value: null, json: 'null' },
  { name: 'true', value: true, json: 'true' },
  { name: 'a number', value: 1.5e300, json: '1.5e+300' },
  { name: 'a string', value: 'ä\n"', json: '"ä\\n\\""' },
  { name: 'an emoji', value: '😀', json: '"😀"' },
  { name: 'an empty object', value: {}, json: '{}' },
  { name: 'an empty array', value: [], json: '[]' },
  { name: 'plain JSON', value: { b: [1, { a: null }], 1: 'x' }, json: '{"1":"x","b":[1,{"a":null}]}' },
  { name: 'an object that looks like encoded text', value: { json: 'x' }, json: '{"json":"x"}' },
  { name: 'the empty key', value: { '': 1 }, json: '{"":1}' },
  {
    name: 'hostile but harmless keys',
    value: { constructor: 1, toString: 2, hasOwnProperty: 3 },
    json: '{"constructor":1,"toString":2,"hasOwnProperty":3}',
  },
  {
    name: 'other markers',
    value: { $ref: '#/a', $date: 1, '@type': 't', $type: 2 },
    json: '{"$ref":"#/a","$date":1,"@type":"t","$type":2}',
  },
  {
    name: 'keys with slash and tilde',
    value: { 'a/b': shared, '~': shared },
    json: '{"a/b":{"x":1},"~":{"#type":"ref","path":"/a~1b"}}',
  },
  { name: 'undefined', value: undefined, json: '{"#type":"undefined"}' },
  { name: 'undefined in an object', value: { a: undefined }, json: '{"a":{"#type":"undefined"}}' },
  { name: 'NaN', value: Number.NaN, json: '{"#type":"number","value":"NaN"}' },
  { name: 'Infinity', value: Infinity, json: '{"#type":"number","value":"Infinity"}' },
  { name: '-Infinity', value: -Infinity, json: '{"#type":"number","value":"-Infinity"}' },
  { name: '-0', value: [-0], json: '[{"#type":"number","value":"-0"}]' },
  { name: 'a bigint', value: -12n, json: '{"#type":"bigint","value":"-12"}' },
  { name: 'zero as bigint', value: 0n, json: '{"#type":"bigint","value":"0"}' },
  { name: 'a lone surrogate', value: '\ud83da', json: '{"#type":"string","utf16":"d83d0061"}' },
  {
    name: 'a lone surrogate as key',
    value: { '\ud800': 1 },
    json: '{"#type":"Object","entries":[[{"#type":"string","utf16":"d800"},1]]}',
  },
  { name: 'a Date', value: new Date(1767319384678), json: '{"#type":"Date","value":"2026-01-02T02:03:04.678Z"}' },
  {
    name: 'a Date before the year 0',
    value: new Date(-8.64e15),
    json: '{"#type":"Date","value":"-271821-04-20T00:00:00.000Z"}',
  },
  { name: 'an invalid Date', value: new Date(Number.NaN), json: '{"#type":"Date","value":null}' },
  {
    name: 'a Map',
    value: new Map<unknown, unknown>([
      ['a', 1],
      [{}, [2]],
    ]),
    json: '{"#type":"Map","entries":[["a",1],[{},[2]]]}',
  },
  { name: 'an empty Map', value: new Map(), json: '{"#type":"Map","entries":[]}' },
  {
    name: 'a Map with strange keys',
    value: new Map<unknown, unknown>([
      ['__proto__', 1],
      [undefined, 2],
      [Number.NaN, 3],
    ]),
    json: '{"#type":"Map","entries":[["__proto__",1],[{"#type":"undefined"},2],[{"#type":"number","value":"NaN"},3]]}',
  },
  { name: 'a Set', value: new Set<unknown>(['b', 'a', [1]]), json: '{"#type":"Set","values":["b","a",[1]]}' },
  { name: 'a RegExp', value: /a\/"+/dgimsuy, json: '{"#type":"RegExp","flags":"dgimsuy","source":"a\\\\/\\"+"}' },
  {
    name: 'a RegExp with lastIndex',
    value: lastIndex,
    json: '{"#type":"RegExp","flags":"g","source":"a","lastIndex":3}',
  },
  { name: 'an Error', value: new Error('e'), json: '{"#type":"Error","class":"Error","message":"e"}' },
  {
    name: 'an Error without message',
    value: new RangeError(),
    json: '{"#type":"Error","class":"RangeError","message":""}',
  },
  {
    name: 'an Error with a lone surrogate',
    value: new Error('\udc00'),
    json: '{"#type":"Error","class":"Error","message":{"#type":"string","utf16":"dc00"}}',
  },
  {
    name: 'an Error with a cause',
    value: new TypeError('t', { cause: { a: undefined } }),
    json: '{"#type":"Error","class":"TypeError","message":"t","cause":{"a":{"#type":"undefined"}}}',
  },
  {
    name: 'an Error with a code',
    value: Object.assign(new Error('e'), { code: 'ENOENT', '#type': 1 }),
    json: '{"#type":"Error","class":"Error","message":"e","props":{"code":"ENOENT","##type":1}}',
  },
  {
    name: 'an Error with a __proto__ property',
    value: Object.defineProperty(new Error('e'), '__proto__', {
      value: 1,
      enumerable: true,
      writable: true,
      configurable: true,
    }),
    json: '{"#type":"Error","class":"Error","message":"e","props":{"#type":"Object","entries":[["__proto__",1]]}}',
  },
  {
    name: 'a renamed Error',
    value: Object.defineProperty(new Error('e'), 'name', { value: 'Mine', configurable: true, writable: true }),
    json: '{"#type":"Error","class":"Error","message":"e","name":"Mine"}',
  },
  {
    name: 'an AggregateError',
    value: new AggregateError([new EvalError('a'), 1], 'm'),
    json: '{"#type":"Error","class":"AggregateError","message":"m","errors":[{"#type":"Error","class":"EvalError","message":"a"},1]}',
  },
  {
    name: 'a DOMException',
    value: new DOMException('m', 'AbortError'),
    json: '{"#type":"Error","class":"DOMException","message":"m","name":"AbortError"}',
  },
  {
    name: 'an Error that is its own cause',
    value: selfError,
    json: '{"#type":"Error","class":"Error","message":"loop","props":{"cause":{"#type":"ref","path":""}}}',
  },
  { name: 'a Uint8Array', value: Uint8Array.of(1, 2, 255), json: '{"#type":"Uint8Array","base64":"AQL/"}' },
  { name: 'a Uint8Array with own names', value: own(Uint8Array.of(7)), json: '{"#type":"Uint8Array","base64":"Bw=="}' },
  { name: 'an empty Uint8Array', value: new Uint8Array(0), json: '{"#type":"Uint8Array","base64":""}' },
  {
    name: 'a window of a buffer',
    value: new Uint8Array(Uint8Array.of(1, 2, 3, 4).buffer, 1, 2),
    json: '{"#type":"Uint8Array","base64":"AgM="}',
  },
  { name: 'an Int8Array', value: Int8Array.of(-1), json: '{"#type":"Int8Array","base64":"/w=="}' },
  {
    name: 'a Uint8ClampedArray',
    value: Uint8ClampedArray.of(300),
    json: '{"#type":"Uint8ClampedArray","base64":"/w=="}',
  },
  { name: 'an Int16Array', value: Int16Array.of(-2), json: '{"#type":"Int16Array","base64":"/v8="}' },
  { name: 'a Uint16Array', value: Uint16Array.of(258), json: '{"#type":"Uint16Array","base64":"AgE="}' },
  { name: 'an Int32Array', value: Int32Array.of(1), json: '{"#type":"Int32Array","base64":"AQAAAA=="}' },
  { name: 'a Uint32Array', value: Uint32Array.of(1), json: '{"#type":"Uint32Array","base64":"AQAAAA=="}' },
  { name: 'a Float32Array', value: Float32Array.of(1), json: '{"#type":"Float32Array","base64":"AACAPw=="}' },
  { name: 'a Float64Array', value: Float64Array.of(-0), json: '{"#type":"Float64Array","base64":"AAAAAAAAAIA="}' },
  { name: 'a BigInt64Array', value: BigInt64Array.of(-1n), json: '{"#type":"BigInt64Array","base64":"//////////8="}' },
  {
    name: 'a BigUint64Array',
    value: BigUint64Array.of(1n),
    json: '{"#type":"BigUint64Array","base64":"AQAAAAAAAAA="}',
  },
  { name: 'an ArrayBuffer', value: Uint8Array.of(9).buffer, json: '{"#type":"ArrayBuffer","base64":"CQ=="}' },
  {
    name: 'a DataView',
    value: new DataView(Uint8Array.of(1, 2, 3).buffer, 1, 1),
    json: '{"#type":"DataView","base64":"Ag=="}',
  },
  { name: 'a Buffer', value: Buffer.from('hi'), json: '{"#type":"Buffer","base64":"aGk="}' },
  { name: 'a URL', value: new URL('https://a.b/c?d=1#e'), json: '{"#type":"URL","value":"https://a.b/c?d=1#e"}' },
  {
    name: 'a URLSearchParams',
    value: new URLSearchParams('a=1&a=?'),
    json: '{"#type":"URLSearchParams","value":"a=1&a=%3F"}',
  },
  { name: 'a boxed string', value: Object('s'), json: '{"#type":"boxed","value":"s"}' },
  { name: 'a boxed number', value: Object(-0), json: '{"#type":"boxed","value":{"#type":"number","value":"-0"}}' },
  { name: 'a boxed boolean', value: Object(false), json: '{"#type":"boxed","value":false}' },
  { name: 'a boxed bigint', value: Object(1n), json: '{"#type":"boxed","value":{"#type":"bigint","value":"1"}}' },
  // biome-ignore lint/suspicious/noSparseArray: holes are what is tested
  { name: 'a sparse array', value: [, 1, ,], json: '{"#type":"Array","entries":[[1,1]],"length":3}' },
  { name: 'an array of holes', value: new Array(1_000_000), json: '{"#type":"Array","entries":[],"length":1000000}' },
  {
    name: 'an array with properties',
    value: matched,
    json: '{"#type":"Array","entries":[[0,"ab"],[1,"b"],["index",1],["input","xab"]],"length":2}',
  },
  {
    name: 'an array with a hole and a property',
    value: Object.assign(new Array(1), { p: 1 }),
    json: '{"#type":"Array","entries":[["p",1]],"length":1}',
  },
  {
    name: 'an object without prototype',
    value: Object.assign(Object.create(null), { a: 1 }),
    json: '{"#type":"Object","entries":[["a",1]],"proto":null}',
  },
  {
    name: 'an own __proto__ key',
    value: parsed('{"__proto__":{"x":1},"#type":2}'),
    json: '{"#type":"Object","entries":[["__proto__",{"x":1}],["#type",2]]}',
  },
  {
    name: 'a marker key',
    value: { '#type': 'Date', '##type': 1, '#Type': 2, 'a#type': 3 },
    json: '{"##type":"Date","###type":1,"#Type":2,"a#type":3}',
  },
  {
    name: 'a reference past an escaped key',
    value: { '#type': shared, b: shared },
    json: '{"##type":{"x":1},"b":{"#type":"ref","path":"/##type"}}',
  },
  {
    name: 'circular references',
    value: circular,
    json: '{"list":[1],"self":{"#type":"ref","path":""},"again":{"#type":"ref","path":"/list"}}',
  },
  {
    name: 'a Map that holds itself',
    value: selfMap,
    json: '{"#type":"Map","entries":[["me",{"#type":"ref","path":""}]]}',
  },
  { name: 'a Set that holds itself', value: selfSet, json: '{"#type":"Set","values":[{"#type":"ref","path":""}]}' },
  {
    name: 'a shared Map key',
    value: [new Map([[shared, shared]]), shared],
    json: '[{"#type":"Map","entries":[[{"x":1},{"#type":"ref","path":"/0/entries/0/0"}]]},{"#type":"ref","path":"/0/entries/0/0"}]',
  },
  {
    name: 'a shared Date',
    value: { a: date, b: date },
    json: '{"a":{"#type":"Date","value":"1970-01-01T00:00:00.000Z"},"b":{"#type":"ref","path":"/a"}}',
  },
  { name: 'properties that are not enumerable', value: hidden, json: '{"seen":1}' },
  { name: 'a thenable of data', value: parsed('{"then":1}'), json: '{"then":1}' },
  {
    name: 'an accessor',
    value: {
      get a() {
        return 5
      },
    },
    json: '{"a":5}',
  },
]
