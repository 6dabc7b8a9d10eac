import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { encodedText } from '../../src/base/encoded.ts'
import { isWaystoneError } from '../../src/base/errors.ts'
import type { JsonValue } from '../../src/base/json.ts'
import { createCodec, defaultCodec } from '../../src/base/values/codec.ts'
import { difference } from '../helpers/equal-values.ts'
import { runs } from '../helpers/property.ts'
import { valueKinds } from '../helpers/value-kinds.ts'

const prototypes = [Object, Array, Map, Set, Error, Function, String].map(({ prototype }) => prototype as object)
const members = () =>
  prototypes.flatMap((prototype) =>
    Reflect.ownKeys(prototype).flatMap((name) => {
      const { value, get, set } = Object.getOwnPropertyDescriptor(prototype, name) ?? {}
      return [name, value as unknown, get, set]
    }),
  )
const before = members()
const expectPrototypesUnchanged = () => {
  const after = members()
  // compared by identity: the members are functions and lead round in circles
  expect(after.length === before.length && after.every((member, index) => Object.is(member, before[index]))).toBe(true)
}
afterEach(expectPrototypesUnchanged)

const textOf = (value: unknown): string => encodedText(defaultCodec.encode(value))
const treeOf = (value: unknown): JsonValue => JSON.parse(textOf(value)) as JsonValue

/** Keys that mean something to JavaScript, to JSON tools or to the codec. */
const key = fc.oneof(
  { weight: 2, arbitrary: fc.string({ maxLength: 4 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 3 }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      ...[
        '__proto__',
        'constructor',
        'prototype',
        'toString',
        'hasOwnProperty',
        '',
        '0',
        '-1',
        'length',
        'then',
        'toJSON',
      ],
      ...['#type', '##type', '###type', '$ref', 'entries', 'value', 'path', 'a/b', 'a~1', '\ud800', 'message', 'stack'],
    ),
  },
)

const leaf = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.double(),
  fc.integer(),
  fc.bigInt(),
  fc.boolean(),
  fc.constantFrom<unknown>(null, undefined, -0, Number.NaN, Infinity, -Infinity, '__proto__', '#type', '\udfff'),
  fc.date({ noInvalidDate: false }),
  fc.webUrl().map((url) => new URL(url)),
  fc.constantFrom('a+', '(?:)', '\\/', '[\\s\\S]', '\\u{61}').map((source) => new RegExp(source, 'dgu')),
  fc.uint8Array({ maxLength: 5 }).map((bytes) => Buffer.from(bytes)),
  fc.uint8Array({ minLength: 2, maxLength: 6 }).map((bytes) => new DataView(bytes.buffer, 1)),
  fc.float32Array({ maxLength: 3 }).map((floats) => floats.buffer),
  fc.constantFrom('AbortError', 'Odd').map((name) => new DOMException('stop', name)),
)

const anything = fc.anything({
  key,
  values: [leaf],
  maxDepth: 4,
  maxKeys: 5,
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withObjectString: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
  withUnicodeString: true,
} as Parameters<typeof fc.anything>[0])

/** Values whose containers are linked at random, so that they share parts and lead back to themselves. */
const graph = fc
  .array(
    fc.record({
      kind: fc.constantFrom('object', 'null', 'array', 'sparse', 'map', 'set', 'error', 'aggregate'),
      links: fc.array(fc.tuple(key, fc.oneof(fc.nat(7), leaf)), { maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((nodes) => {
    const made = nodes.map(({ kind }) => makeNode(kind))
    for (const [index, { links }] of nodes.entries()) {
      for (const [at, [name, target]] of links.entries()) {
        const other =
          typeof target === 'number' && Number.isInteger(target) ? made[Math.abs(target) % made.length] : target
        link(made[index]!, name, at, other)
      }
    }
    return made[0]!
  })

function makeNode(kind: string): object {
  switch (kind) {
    case 'null':
      return Object.create(null) as object
    case 'array':
    case 'sparse':
      return kind === 'array' ? [] : new Array(9)
    case 'map':
      return new Map()
    case 'set':
      return new Set()
    case 'error':
      return settled(new RangeError('r'))
    case 'aggregate':
      return settled(new AggregateError([1], 'a'))
    default:
      return {}
  }
}

/** V8 writes the stack when it is first touched, from name and message; later links may make those anything. */
function settled(error: Error): Error {
  expect(error.stack).toBeTypeOf('string')
  return error
}

function link(from: object, name: string, at: number, to: unknown): void {
  const define = (property: string, enumerable: boolean) =>
    Object.defineProperty(from, property, { value: to, enumerable, configurable: true, writable: true })
  if (from instanceof Map) {
    if (at % 2 === 0) from.set(name, to)
    else from.set(to, name)
  } else if (from instanceof Set) from.add(to)
  else if (Array.isArray(from)) {
    if (at === 3 && name !== 'length') define(name.startsWith('0') ? 'x' : name, true)
    else from[at * 2 - (from.length === 9 ? 0 : at)] = to
  } else if (from instanceof Error && at === 0) define('cause', false)
  else define(name, true)
}

describe('round trips', () => {
  it('a value comes back equal, from one text that is written again unchanged', () => {
    fc.assert(
      fc.property(fc.oneof({ weight: 3, arbitrary: anything }, { weight: 1, arbitrary: leaf }), (value) => {
        const encoded = defaultCodec.encode(value)
        const copy = defaultCodec.decode(encoded)
        expect(difference(value, copy)).toBeNull()
        expect(defaultCodec.encode(copy)).toEqual(encoded)
      }),
      runs('codec round trip', 20_000),
    )
  })

  it('a graph comes back with the same sharing and the same circles', () => {
    fc.assert(
      fc.property(graph, (value) => {
        const encoded = defaultCodec.encode(value)
        const copy = defaultCodec.decode(encoded)
        expect(difference(value, copy)).toBeNull()
        expect(defaultCodec.encode(copy)).toEqual(encoded)
      }),
      runs('codec graphs', 5_000),
    )
  })

  it('the text is compact I-JSON without the key __proto__, and passes the check', () => {
    fc.assert(
      fc.property(fc.oneof(anything, graph), (value) => {
        const text = textOf(value)
        const tree = JSON.parse(text) as JsonValue
        expect(JSON.stringify(tree)).toBe(text)
        expect(text.isWellFormed()).toBe(true)
        // an escape, not the text of one after an escaped backslash
        expect(text).not.toMatch(/(?<!\\)(?:\\\\)*\\ud[89a-f]/)
        expect(text).not.toContain('"__proto__":')
        defaultCodec.check(tree)
        expect(difference(defaultCodec.decodeTree(tree), value)).toBeNull()
      }),
      runs('codec text', 3_000),
    )
  })

  it('plain JSON is written as itself', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = JSON.stringify(value)
        fc.pre(!/#+type"|__proto__/.test(text) && text === JSON.stringify(JSON.parse(text)) && !hasMinusZero(value))
        expect(textOf(value)).toBe(text)
        expect(difference(defaultCodec.decode(defaultCodec.encode(value)), JSON.parse(text))).toBeNull()
      }),
      runs('codec plain JSON', 5_000),
    )
  })
})

function hasMinusZero(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return Object.is(value, -0)
  return Object.values(value).some(hasMinusZero)
}

/** The text of a value, or the code it is refused with, when no part of it is written as it stands. */
function withoutSurvey(value: unknown): string {
  const prototype = Array.prototype as unknown as Record<string, unknown>
  try {
    // has everything copied, and written without JSON.stringify
    Object.defineProperty(prototype, 'toJSON', { value: () => 'called', configurable: true })
    return outcome(() => encodedText(defaultCodec.encode(value)), true)
  } finally {
    Reflect.deleteProperty(prototype, 'toJSON')
  }
}

describe('plain parts', () => {
  it('written as they stand give the text that copying them gives', () => {
    const mixed = fc.tuple(fc.array(fc.jsonValue({ maxDepth: 3 }), { maxLength: 4 }), fc.oneof(anything, graph))
    fc.assert(
      fc.property(fc.oneof(anything, graph, mixed), (value) => {
        expect(outcome(() => textOf(value), true)).toBe(withoutSurvey(value))
      }),
      runs('codec plain parts', 5_000),
    )
  })
})

describe('limits', () => {
  it('a value is within the limits when it is written exactly when its text is when it is read', () => {
    const small = fc.record({
      maxDepth: fc.integer({ min: 1, max: 8 }),
      maxMembers: fc.integer({ min: 1, max: 30 }),
      maxElements: fc.integer({ min: 1, max: 30 }),
      maxKeysPerObject: fc.integer({ min: 1, max: 5 }),
      maxKeyLength: fc.integer({ min: 3, max: 12 }),
      maxStringLength: fc.integer({ min: 2, max: 30 }),
      maxBigIntDigits: fc.integer({ min: 1, max: 20 }),
      maxSparseLength: fc.integer({ min: 1, max: 12 }),
      maxBinaryBytes: fc.integer({ min: 1, max: 20 }),
      maxRegExpLength: fc.integer({ min: 1, max: 6 }),
      maxRefs: fc.integer({ min: 1, max: 4 }),
    })
    fc.assert(
      fc.property(fc.oneof(anything, graph), small, (value, limits) => {
        const codec = createCodec({ limits })
        const written = outcome(() => codec.encode(value))
        const read = outcome(() => codec.check(treeOf(value)))
        expect(read).toBe(written)
      }),
      runs('codec limits', 4_000),
    )
  })
})

function outcome(act: () => unknown, isShown = false): string {
  try {
    const done = act()
    return isShown ? String(done) : 'done'
  } catch (error) {
    if (isWaystoneError(error)) return error.code
    throw error
  }
}

/** What a damaged or hostile part may be replaced with. */
const poison: readonly JsonValue[] = [
  ...[
    null,
    true,
    0,
    -1,
    1e9,
    4294967296,
    0.5,
    '',
    '__proto__',
    '/__proto__',
    '/0',
    '/constructor/prototype',
    'Infinity',
  ],
  ...[
    'undefined',
    'number',
    'bigint',
    'string',
    'Date',
    'Map',
    'Set',
    'RegExp',
    'Error',
    'DOMException',
    'URL',
    'boxed',
  ],
  ...['Array', 'Object', 'ref', 'class', 'Uint8Array', 'BigInt64Array', 'Buffer', 'DataView', 'AAAA', 'd83d', 'gg'],
  ...[
    [],
    {},
    [[]],
    [[0, 1]],
    [['__proto__', {}]],
    [['length', 0]],
    { '#type': 'ref', path: '' },
    { '#type': 'undefined' },
  ],
  { '#type': 'Object', entries: [['__proto__', { polluted: 1 }]] },
]

/** A text of a rich value with a few parts replaced, or a few characters damaged. */
const mutated = fc
  .tuple(
    fc.oneof(anything, graph, fc.constantFrom(...valueKinds.map(({ make }) => make()))),
    fc.array(fc.tuple(fc.nat(), fc.constantFrom(...poison)), { maxLength: 3 }),
    fc.array(
      fc.tuple(fc.nat(), fc.nat(8), fc.constantFrom('', '"', '#', '0', '9', '-', '[', ']', '{}', ',', '\\u005f', 'e9')),
      {
        maxLength: 2,
      },
    ),
  )
  .map(([value, parts, characters]) => {
    let text = textOf(value)
    for (const [at, by] of parts) text = JSON.stringify(replaceOne(JSON.parse(text) as JsonValue, at, by))
    for (const [at, length, by] of characters) {
      const from = at % (text.length + 1)
      text = text.slice(0, from) + by + text.slice(from + length)
    }
    return text
  })

/** The tree with its n-th value (counted round) replaced. */
function replaceOne(tree: JsonValue, n: number, by: JsonValue): JsonValue {
  const slots: [holder: Record<string, JsonValue>, key: string][] = []
  const holder: Record<string, JsonValue> = { root: tree }
  const todo = [holder]
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    for (const [name, value] of Object.entries(next)) {
      slots.push([next, name])
      if (typeof value === 'object' && value !== null) todo.push(value as Record<string, JsonValue>)
    }
  }
  const [into, name] = slots[n % slots.length]!
  into[name] = by
  return holder['root']!
}

describe('damaged and hostile texts', () => {
  it('give one of our errors, or a value that is written and read like any other', () => {
    fc.assert(
      fc.property(mutated, (json) => {
        let value: unknown
        try {
          value = defaultCodec.decode({ json })
        } catch (error) {
          expect(isWaystoneError(error) ? error.code : error).toMatch(/^(VALUE|SNAPSHOT)_/)
          return
        }
        const encoded = defaultCodec.encode(value)
        const copy = defaultCodec.decode(encoded)
        expect(difference(value, copy)).toBeNull()
        expect(defaultCodec.encode(copy)).toEqual(encoded)
        expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
      }),
      runs('codec damaged texts', 10_000),
    )
    expectPrototypesUnchanged()
  })

  it('the check and the decoder refuse the same trees', () => {
    fc.assert(
      fc.property(mutated, (json) => {
        let tree: JsonValue
        try {
          tree = JSON.parse(json) as JsonValue
        } catch {
          return
        }
        expect(outcome(() => defaultCodec.check(tree))).toBe(outcome(() => defaultCodec.decodeTree(tree)))
      }),
      runs('codec check', 3_000),
    )
  })
})
