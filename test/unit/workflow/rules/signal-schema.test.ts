import { describe, expect, it } from 'vitest'
import { validateDefinition } from '../../../../src/workflow/validate.ts'

const problemsOf = (schema: unknown, node: object = { type: 'waitForSignal', data: { name: 'n', schema } }) =>
  validateDefinition({ id: 'w', version: '1.0.0', nodes: [{ id: 'a', ...node }], edges: [] })
const pathsOf = (schema: unknown) =>
  problemsOf(schema).map(({ code, path }) => `${code} ${path.slice('/nodes/0/data'.length)}`)

describe('the schema of a wait', () => {
  it.each([
    [true],
    [false],
    [{}],
    [{ type: 'object', properties: { type: { type: ['string', 'null'] }, toString: true }, required: ['type'] }],
    [
      {
        $defs: { a: { minimum: 1 }, 'b/c': {} },
        allOf: [{ $ref: '#/$defs/a' }, { $ref: '#/$defs/b~1c' }, { $ref: '#' }],
      },
    ],
    [{ $anchor: 'x', items: { $ref: '#x' }, prefixItems: [true], patternProperties: { '^a': false } }],
    [{ enum: [{ type: 'nonsense' }], const: { type: 5 }, default: { pattern: '(' }, 'x-own': { type: 1 } }],
    [JSON.parse('{"properties":{"__proto__":{"type":"string"},"constructor":true}}')],
  ])('may be %j', (schema) => {
    expect(problemsOf(schema)).toEqual([])
  })

  it.each([
    [5, '/schema'],
    [null, '/schema'],
    [[], '/schema'],
    [{ type: 'text' }, '/schema/type'],
    [{ type: [] }, '/schema/type'],
    [{ properties: { a: { type: 'date' } } }, '/schema/properties/a/type'],
    [{ properties: [] }, '/schema/properties'],
    [{ items: [{}] }, '/schema/items'],
    [{ anyOf: [] }, '/schema/anyOf'],
    [{ oneOf: [true, 1] }, '/schema/oneOf/1'],
    [{ not: { minLength: -1 } }, '/schema/not/minLength'],
    [{ multipleOf: 0 }, '/schema/multipleOf'],
    [{ required: 'a' }, '/schema/required'],
    [{ dependentRequired: { a: 'b' } }, '/schema/dependentRequired'],
    [{ pattern: '(' }, '/schema/pattern'],
    [{ patternProperties: { '(': true } }, '/schema/patternProperties/('],
    [{ $ref: '#/$defs/no' }, '/schema/$ref'],
    [{ $ref: '#/%zz' }, '/schema/$ref'],
    [{ $dynamicRef: '#x' }, '/schema/$dynamicRef'],
    [{ uniqueItems: 1 }, '/schema/uniqueItems'],
  ])('is refused when it is %j', (schema, path) => {
    expect(pathsOf(schema)).toEqual([`WORKFLOW_BAD_SCHEMA ${path}`])
  })

  it('is looked at in a fallback too, and in no other type', () => {
    const data = { name: 'n', schema: 1 }
    expect(problemsOf(null, { type: 'x', fallback: { type: 'waitForSignal', data } }).map(({ path }) => path)).toEqual([
      '/nodes/0/fallback/data/schema',
    ])
    expect(problemsOf(null, { type: 'x', data })).toEqual([])
  })

  it('of any depth is walked', () => {
    let schema: object = { type: 'text' }
    for (let depth = 0; depth < 150; depth += 1) schema = { not: schema }
    expect(problemsOf(schema)).toHaveLength(1)
  })
})
