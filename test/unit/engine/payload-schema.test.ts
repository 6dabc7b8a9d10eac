import { beforeAll, describe, expect, it } from 'vitest'
import { defaultCodec } from '../../../src/base/values/codec.ts'
import { loadSchemaChecker, payloadView, schemaProblems } from '../../../src/engine/payload-schema.ts'

beforeAll(loadSchemaChecker)

const problemsOf = (schema: unknown, payload: unknown) =>
  schemaProblems(schema, payloadView(defaultCodec.encode(payload), defaultCodec))
const pathsOf = (schema: unknown, payload: unknown) => problemsOf(schema, payload).map(({ path }) => path)

describe('a payload', () => {
  it.each([
    ['no schema', undefined, new Date(0)],
    ['the schema that takes all', true, undefined],
    ['a type', { type: 'boolean' }, true],
    [
      'an object with a member that is undefined and need not be',
      { type: 'object', required: ['a'] },
      { a: 1, b: undefined },
    ],
    ['a reference', { $defs: { n: { type: 'number' } }, items: { $ref: '#/$defs/n' } }, [1, 2]],
    [
      'a member named as those of prototypes',
      { properties: { toString: { type: 'number' } }, additionalProperties: false },
      { toString: 1 },
    ],
    ['a text that looks like a tag', { const: { '#type': 'date' } }, { '#type': 'date' }],
    ['a member named __proto__', { required: ['__proto__'] }, JSON.parse('{"__proto__":1}')],
    ['half a surrogate pair', { type: 'string', maxLength: 1 }, '\ud800'],
    ['a list of different elements', { uniqueItems: true }, [1, '1', [1], { a: 1 }]],
    [
      'keywords of 2020-12',
      { prefixItems: [{ type: 'string' }], items: false, dependentRequired: { a: ['b'] } },
      ['a'],
    ],
    ['an instant', { type: 'string', format: 'date-time' }, '2026-01-01T00:00:00Z'],
  ])('fits %s', (_, schema, payload) => {
    expect(problemsOf(schema, payload)).toEqual([])
  })

  it.each([
    ['another type', { type: 'boolean' }, 'yes', ['']],
    ['nothing at all', { type: 'boolean' }, undefined, ['']],
    ['what takes nothing', false, 1, ['']],
    ['members of its own only', { type: 'object', required: ['constructor', 'toString'] }, {}, ['', '']],
    [
      'every member',
      { properties: { a: { type: 'number' }, 'b/c': { type: 'string' } } },
      { a: 'x', 'b/c': 1 },
      ['/a', '/b~1c'],
    ],
    ['elements', { items: { type: 'object', required: ['id'] } }, [{ id: 1 }, {}, { id: 2 }, 5], ['/1', '/3']],
    ['a member nobody knows', { properties: { a: true }, additionalProperties: false }, { a: 1, ü: 2 }, ['/ü']],
    ['an instance of a class', { type: 'object' }, { at: new Date(0) }, ['/at']],
    ['a number JSON has not', { type: 'number' }, Number.NaN, ['']],
    ['a list with an element twice', { uniqueItems: true }, [1, 2, 1], ['']],
    [
      'a list too long to be compared',
      { properties: { a: { uniqueItems: true } } },
      { a: new Array(5_001).fill(0) },
      [''],
    ],
    ['no branch', { oneOf: [{ type: 'string' }, { type: 'number' }] }, true, ['', '', '']],
  ])('that does not fit %s is told where', (_, schema, payload, paths) => {
    expect(pathsOf(schema, payload)).toEqual(paths)
  })

  it.each([
    ['a reference that leads nowhere', { $ref: '#/$defs/no' }],
    ['a reference to itself', { $ref: '#' }],
    ['a pattern that is none', { pattern: '(' }],
    ['a schema that is none', 5],
    ['an id that is no address', { $id: 'http://[' }],
    ['a word of prototypes as format', { format: '__proto__' }],
  ])('fits no schema with %s, and the problem says so', (_, schema) => {
    expect(problemsOf(schema, 'text')).toMatchObject([{ path: '', message: expect.stringContaining('schema') }])
  })

  it('of any depth has an answer', () => {
    const schema = { properties: { a: { $ref: '#' } }, type: ['object', 'null'] }
    const nested = (depth: number) => JSON.parse(`${'{"a":'.repeat(depth)}null${'}'.repeat(depth)}`) as unknown
    expect(problemsOf(schema, nested(50))).toEqual([])
    expect(problemsOf(schema, nested(400)).every(({ message }) => message.startsWith('is nested too deep'))).toBe(true)
  })

  it('has at most so many problems told', () => {
    const payload = Array.from({ length: 300 }, (_, index) => String(index))
    expect(problemsOf({ items: { type: 'number' } }, payload)).toHaveLength(100)
  })

  it('is checked by a schema that is frozen, and leaves it as it was', () => {
    const schema = Object.freeze({ $ref: '#/$defs/n', $defs: Object.freeze({ n: Object.freeze({ type: 'number' }) }) })
    expect(problemsOf(schema, 'x')).toHaveLength(1)
    expect(Reflect.ownKeys(schema)).toEqual(['$ref', '$defs'])
  })
})
