/** One kind of value a handler may return. */
export interface ValueKind {
  readonly kind: string
  readonly make: () => unknown
  /** Its exact encoded text. */
  readonly text: string
}

const array = (length: number, members: Readonly<Record<string, unknown>>): unknown[] => {
  const made = Object.assign([] as unknown[], members)
  made.length = length
  return made
}
const nullPrototype = (members: Readonly<Record<string, unknown>>): object =>
  Object.assign(Object.create(null) as object, members)
const cyclic = (): unknown => {
  const value: { name: string; self?: unknown } = { name: 'ring' }
  value.self = value
  return value
}
const cyclicMap = (): unknown => {
  const map = new Map<unknown, unknown>()
  map.set('self', map).set(map, 1)
  return map
}
const cyclicSet = (): unknown => {
  const set = new Set<unknown>()
  return set.add([set])
}
const cyclicError = (): unknown => {
  const error = new Error('outer')
  error.cause = { of: error }
  return Object.defineProperty(error, 'cause', { enumerable: false })
}
const shared = (): unknown => {
  const part = { deep: [1] }
  return { a: part, b: part, c: part.deep }
}
const ownCause = (): unknown => {
  const error = new Error('loop')
  error.cause = error
  return error
}
const causeRing = (): unknown => {
  const inner = new Error('b')
  const outer = new Error('a', { cause: inner })
  Object.defineProperty(inner, 'cause', { value: outer, configurable: true, writable: true })
  return [outer, inner]
}
const sharedKey = (): unknown => {
  const part = { x: 1 }
  return [new Map([[part, part]]), part]
}
const sharedDate = (): unknown => {
  const date = new Date(0)
  return { a: date, b: date }
}
const regExp = (source: string, flags: string, lastIndex = 0): RegExp =>
  Object.assign(new RegExp(source, flags), { lastIndex })
const renamed = (): Error => Object.defineProperty(new TypeError('no'), 'name', { value: 'Mine', configurable: true })
const of = (kind: string, make: () => unknown, text: string): ValueKind => ({ kind, make, text })
const binary = (make: () => unknown, type: string, base64: string): ValueKind =>
  of(type, make, `{"#type":"${type}","base64":"${base64}"}`)

/** Every kind of value that is kept, each with its text. The format is stable: a text here changes with its version alone. */
export const valueKinds: readonly ValueKind[] = [
  of('null', () => null, 'null'),
  of('undefined', () => undefined, '{"#type":"undefined"}'),
  of('true', () => true, 'true'),
  of('false', () => false, 'false'),
  of('zero', () => 0, '0'),
  of('integer', () => -9007199254740991, '-9007199254740991'),
  of('fraction', () => 0.1, '0.1'),
  of('large number', () => 1.7976931348623157e308, '1.7976931348623157e+308'),
  of('small number', () => 5e-324, '5e-324'),
  of('negative zero', () => -0, '{"#type":"number","value":"-0"}'),
  of('NaN', () => Number.NaN, '{"#type":"number","value":"NaN"}'),
  of('Infinity', () => Infinity, '{"#type":"number","value":"Infinity"}'),
  of('negative Infinity', () => -Infinity, '{"#type":"number","value":"-Infinity"}'),
  of('bigint', () => -12n, '{"#type":"bigint","value":"-12"}'),
  of('bigint beyond 64 bits', () => 2n ** 80n, '{"#type":"bigint","value":"1208925819614629174706176"}'),
  of('empty string', () => '', '""'),
  of('string with escapes', () => 'a"\\\n\u0000\u2028é😀', '"a\\"\\\\\\n\\u0000\u2028é😀"'),
  of('lone surrogate', () => '\ud83da', '{"#type":"string","utf16":"d83d0061"}'),
  of('empty object', () => ({}), '{}'),
  of('plain object', () => ({ b: 1, a: [true, null], '': 'x' }), '{"b":1,"a":[true,null],"":"x"}'),
  of('numeric keys', () => ({ 2: 'b', 1: 'a', '01': 'c' }), '{"1":"a","2":"b","01":"c"}'),
  of(
    'keys of Object.prototype',
    () => ({ constructor: 1, toString: 2, hasOwnProperty: 3 }),
    '{"constructor":1,"toString":2,"hasOwnProperty":3}',
  ),
  of('own toJSON', () => ({ toJSON: 'data' }), '{"toJSON":"data"}'),
  of('own then', () => JSON.parse('{"then":1}') as unknown, '{"then":1}'),
  of('key #type', () => ({ '#type': 'Date', value: null }), '{"##type":"Date","value":null}'),
  of('key ##type', () => ({ '##type': 1, '#typed': 2, type: 3 }), '{"###type":1,"#typed":2,"type":3}'),
  of(
    'key __proto__',
    () => Object.defineProperty({ a: 1 }, '__proto__', { value: 2, enumerable: true, configurable: true }),
    '{"#type":"Object","entries":[["a",1],["__proto__",2]]}',
  ),
  of(
    'key with a lone surrogate',
    () => ({ '\udc00': 1 }),
    '{"#type":"Object","entries":[[{"#type":"string","utf16":"dc00"},1]]}',
  ),
  of('undefined member', () => ({ a: undefined }), '{"a":{"#type":"undefined"}}'),
  of('null prototype', () => nullPrototype({ a: 1 }), '{"#type":"Object","entries":[["a",1]],"proto":null}'),
  of('empty null prototype', () => nullPrototype({}), '{"#type":"Object","entries":[],"proto":null}'),
  of('empty array', () => [], '[]'),
  of('array', () => [1, 'a', [null]], '[1,"a",[null]]'),
  of('array of undefined', () => [undefined], '[{"#type":"undefined"}]'),
  of('sparse array', () => array(5, { 0: 'a', 3: 'b' }), '{"#type":"Array","entries":[[0,"a"],[3,"b"]],"length":5}'),
  of('array of holes', () => new Array(3), '{"#type":"Array","entries":[],"length":3}'),
  of('array with a property', () => array(1, { 0: 1, x: 2 }), '{"#type":"Array","entries":[[0,1],["x",2]],"length":1}'),
  of(
    'RegExp match',
    () => /b/.exec('abc'),
    '{"#type":"Array","entries":[[0,"b"],["index",1],["input","abc"],["groups",{"#type":"undefined"}]],"length":1}',
  ),
  of('Date', () => new Date(1767323045678), '{"#type":"Date","value":"2026-01-02T03:04:05.678Z"}'),
  of('far Date', () => new Date(-8.64e15), '{"#type":"Date","value":"-271821-04-20T00:00:00.000Z"}'),
  of('invalid Date', () => new Date(Number.NaN), '{"#type":"Date","value":null}'),
  of('Map', () => new Map([['b', 1]]).set('a', 2), '{"#type":"Map","entries":[["b",1],["a",2]]}'),
  of('empty Map', () => new Map(), '{"#type":"Map","entries":[]}'),
  of(
    'Map with object keys',
    () => new Map<unknown, unknown>([[{ k: 1 }, [Number.NaN]]]),
    '{"#type":"Map","entries":[[{"k":1},[{"#type":"number","value":"NaN"}]]]}',
  ),
  of('Set', () => new Set(['b', 'a', 1]), '{"#type":"Set","values":["b","a",1]}'),
  of('RegExp', () => /a+/gi, '{"#type":"RegExp","flags":"gi","source":"a+"}'),
  of('RegExp under way', () => regExp('/', 'y', 3), '{"#type":"RegExp","flags":"y","source":"\\\\/","lastIndex":3}'),
  of('URL', () => new URL('https://a.example/b?c=1#d'), '{"#type":"URL","value":"https://a.example/b?c=1#d"}'),
  of('URLSearchParams', () => new URLSearchParams('a=1&a=2'), '{"#type":"URLSearchParams","value":"a=1&a=2"}'),
  of('boxed number', () => Object(-0), '{"#type":"boxed","value":{"#type":"number","value":"-0"}}'),
  of('boxed string', () => Object('text'), '{"#type":"boxed","value":"text"}'),
  of('boxed boolean', () => Object(false), '{"#type":"boxed","value":false}'),
  of('boxed bigint', () => Object(1n), '{"#type":"boxed","value":{"#type":"bigint","value":"1"}}'),
  of('Error', () => new Error('no'), '{"#type":"Error","class":"Error","message":"no"}'),
  of('Error without message', () => new RangeError(), '{"#type":"Error","class":"RangeError","message":""}'),
  of('Error renamed', renamed, '{"#type":"Error","class":"TypeError","message":"no","name":"Mine"}'),
  of(
    'Error with cause',
    () => new SyntaxError('a', { cause: new Error('b') }),
    '{"#type":"Error","class":"SyntaxError","message":"a","cause":{"#type":"Error","class":"Error","message":"b"}}',
  ),
  of(
    'Error with undefined cause',
    () => new Error('a', { cause: undefined }),
    '{"#type":"Error","class":"Error","message":"a","cause":{"#type":"undefined"}}',
  ),
  of(
    'Error with properties',
    () => Object.assign(new URIError('a'), { code: 'E_X', status: 404 }),
    '{"#type":"Error","class":"URIError","message":"a","props":{"code":"E_X","status":404}}',
  ),
  of(
    'Error with a message set late',
    () => Object.assign(new Error(), { first: 1, message: 'late' }),
    '{"#type":"Error","class":"Error","message":"late","props":{"first":1,"message":"late"}}',
  ),
  of(
    'AggregateError',
    () => new AggregateError([1, new EvalError('b')], 'a'),
    '{"#type":"Error","class":"AggregateError","message":"a","errors":[1,{"#type":"Error","class":"EvalError","message":"b"}]}',
  ),
  of(
    'DOMException',
    () => new DOMException('stop', 'AbortError'),
    '{"#type":"Error","class":"DOMException","message":"stop","name":"AbortError"}',
  ),
  binary(() => Int8Array.of(-1, 1), 'Int8Array', '/wE='),
  binary(() => Uint8Array.of(1, 2, 3), 'Uint8Array', 'AQID'),
  binary(() => Uint8ClampedArray.of(255), 'Uint8ClampedArray', '/w=='),
  binary(() => Int16Array.of(-2), 'Int16Array', '/v8='),
  binary(() => Uint16Array.of(258), 'Uint16Array', 'AgE='),
  binary(() => Int32Array.of(1), 'Int32Array', 'AQAAAA=='),
  binary(() => Uint32Array.of(2 ** 31), 'Uint32Array', 'AAAAgA=='),
  binary(() => Float32Array.of(1.5), 'Float32Array', 'AADAPw=='),
  binary(() => Float64Array.of(-0), 'Float64Array', 'AAAAAAAAAIA='),
  binary(() => BigInt64Array.of(-1n), 'BigInt64Array', '//////////8='),
  binary(() => BigUint64Array.of(1n), 'BigUint64Array', 'AQAAAAAAAAA='),
  binary(() => new DataView(Uint8Array.of(9, 8, 7).buffer, 1, 1), 'DataView', 'CA=='),
  binary(() => Uint8Array.of(5).buffer, 'ArrayBuffer', 'BQ=='),
  binary(() => Buffer.from('hi'), 'Buffer', 'aGk='),
  of('window of a buffer', () => Uint8Array.of(1, 2, 3).subarray(1, 2), '{"#type":"Uint8Array","base64":"Ag=="}'),
  of('empty view', () => new Uint8Array(), '{"#type":"Uint8Array","base64":""}'),
  of(
    'shared object',
    shared,
    '{"a":{"deep":[1]},"b":{"#type":"ref","path":"/a"},"c":{"#type":"ref","path":"/a/deep"}}',
  ),
  of('circular object', cyclic, '{"name":"ring","self":{"#type":"ref","path":""}}'),
  of(
    'circular Map',
    cyclicMap,
    '{"#type":"Map","entries":[["self",{"#type":"ref","path":""}],[{"#type":"ref","path":""},1]]}',
  ),
  of('circular Set', cyclicSet, '{"#type":"Set","values":[[{"#type":"ref","path":""}]]}'),
  of(
    'circular Error',
    cyclicError,
    '{"#type":"Error","class":"Error","message":"outer","cause":{"of":{"#type":"ref","path":""}}}',
  ),
  of(
    'reference through an escaped key',
    () => {
      const part = {}
      return [{ 'a/b~': { '#type': part } }, part]
    },
    '[{"a/b~":{"##type":{}}},{"#type":"ref","path":"/0/a~1b~0/##type"}]',
  ),
  of('emoji', () => '😀', '"😀"'),
  of('text like an encoded value', () => ({ json: 'x' }), '{"json":"x"}'),
  of(
    'markers of others',
    () => ({ $ref: '#/a', $date: 1, '@type': 't', $type: 2 }),
    '{"$ref":"#/a","$date":1,"@type":"t","$type":2}',
  ),
  of('zero as bigint', () => 0n, '{"#type":"bigint","value":"0"}'),
  of(
    'key __proto__ beside #type',
    () => JSON.parse('{"__proto__":{"x":1},"#type":2}') as unknown,
    '{"#type":"Object","entries":[["__proto__",{"x":1}],["#type",2]]}',
  ),
  of('array with a hole and a property', () => array(1, { p: 1 }), '{"#type":"Array","entries":[["p",1]],"length":1}'),
  of('longest array of holes', () => new Array(1_000_000), '{"#type":"Array","entries":[],"length":1000000}'),
  of(
    'Map with strange keys',
    () =>
      new Map<unknown, unknown>([
        ['__proto__', 1],
        [undefined, 2],
        [Number.NaN, 3],
      ]),
    '{"#type":"Map","entries":[["__proto__",1],[{"#type":"undefined"},2],[{"#type":"number","value":"NaN"},3]]}',
  ),
  of('RegExp with every flag', () => /a\/"+/dgimsuy, '{"#type":"RegExp","flags":"dgimsuy","source":"a\\\\/\\"+"}'),
  of(
    'Error with a lone surrogate',
    () => new Error('\udc00'),
    '{"#type":"Error","class":"Error","message":{"#type":"string","utf16":"dc00"}}',
  ),
  of(
    'Error with a property #type',
    () => Object.assign(new Error('e'), { '#type': 1 }),
    '{"#type":"Error","class":"Error","message":"e","props":{"##type":1}}',
  ),
  of(
    'Error with a property __proto__',
    () =>
      Object.defineProperty(new Error('e'), '__proto__', {
        value: 1,
        enumerable: true,
        writable: true,
        configurable: true,
      }),
    '{"#type":"Error","class":"Error","message":"e","props":{"#type":"Object","entries":[["__proto__",1]]}}',
  ),
  of(
    'Error that is its own enumerable cause',
    ownCause,
    '{"#type":"Error","class":"Error","message":"loop","props":{"cause":{"#type":"ref","path":""}}}',
  ),
  of(
    'shared Map key',
    sharedKey,
    '[{"#type":"Map","entries":[[{"x":1},{"#type":"ref","path":"/0/entries/0/0"}]]},{"#type":"ref","path":"/0/entries/0/0"}]',
  ),
  of(
    'shared Date',
    sharedDate,
    '{"a":{"#type":"Date","value":"1970-01-01T00:00:00.000Z"},"b":{"#type":"ref","path":"/a"}}',
  ),
  of(
    "two errors that are each other's cause",
    causeRing,
    '[{"#type":"Error","class":"Error","message":"a","cause":{"#type":"Error","class":"Error","message":"b","cause":{"#type":"ref","path":"/0"}}},{"#type":"ref","path":"/0/cause"}]',
  ),
]
