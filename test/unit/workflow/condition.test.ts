import { describe, expect, it } from 'vitest'
import { evaluateCondition } from '../../../src/workflow/condition.ts'
import type { ConditionDefinition } from '../../../src/workflow/definition.ts'

const order = { total: 100, name: 'Ada', tags: ['a', { deep: [1] }], none: null, 'a/b': { '~': true }, empty: '' }

describe('evaluateCondition', () => {
  it.each<[ConditionDefinition, boolean]>([
    [{ path: '/total', operator: 'eq', value: 100 }, true],
    [{ path: '/total', operator: 'eq', value: '100' }, false],
    [{ path: '/total', operator: 'ne', value: '100' }, true],
    [{ path: '/total', operator: 'ne', value: 100 }, false],
    [{ path: '/tags/1', operator: 'eq', value: { deep: [1] } }, true],
    [{ path: '/tags/1', operator: 'eq', value: { deep: [1], more: 1 } }, false],
    [{ path: '/tags/01', operator: 'exists' }, false],
    [{ path: '/tags/length', operator: 'exists' }, false],
    [{ path: '/name/length', operator: 'exists' }, false],
    [{ path: '/name/0', operator: 'exists' }, false],
    [{ path: '/a~1b/~0', operator: 'eq', value: true }, true],
    [{ path: '/total', operator: 'lt', value: 101 }, true],
    [{ path: '/total', operator: 'lt', value: 100 }, false],
    [{ path: '/total', operator: 'lte', value: 100 }, true],
    [{ path: '/total', operator: 'gt', value: 99.5 }, true],
    [{ path: '/total', operator: 'gt', value: 100 }, false],
    [{ path: '/total', operator: 'gte', value: 100 }, true],
    [{ path: '/total', operator: 'gt', value: '1' }, false],
    [{ path: '/name', operator: 'gt', value: 'AAA' }, true],
    [{ path: '/none', operator: 'lte', value: 0 }, false],
    [{ path: '/name', operator: 'in', value: ['Bob', 'Ada'] }, true],
    [{ path: '/name', operator: 'in', value: ['ada'] }, false],
    [{ path: '/name', operator: 'notIn', value: ['ada'] }, true],
    [{ path: '/name', operator: 'notIn', value: ['Ada'] }, false],
    [{ path: '/tags', operator: 'contains', value: { deep: [1] } }, true],
    [{ path: '/tags', operator: 'contains', value: 'b' }, false],
    [{ path: '/name', operator: 'contains', value: 'da' }, true],
    [{ path: '/name', operator: 'contains', value: 1 }, false],
    [{ path: '/total', operator: 'contains', value: 1 }, false],
    [{ path: '/none', operator: 'exists' }, true],
    [{ path: '/none', operator: 'truthy' }, false],
    [{ path: '/none', operator: 'eq', value: null }, true],
    [{ path: '/empty', operator: 'truthy' }, false],
    [{ path: '/tags', operator: 'truthy' }, true],
    [{ operator: 'truthy' }, true],
    [{ path: '', operator: 'eq', value: null }, false],
  ])('%j of an order is %s', (condition, expected) => {
    expect(evaluateCondition(condition, order)).toBe(expected)
  })

  it.each(['eq', 'lt', 'lte', 'gt', 'gte', 'in', 'contains', 'exists', 'truthy'] as const)(
    '%s is false for what is missing',
    (operator) => {
      const condition = { path: '/x', operator, value: operator === 'in' ? [null] : null } as ConditionDefinition
      for (const output of [{}, { x: undefined }, null, undefined, 'x', [1]])
        expect(evaluateCondition(condition, output)).toBe(false)
    },
  )

  it.each(['ne', 'notIn'] as const)('%s is true for what is missing', (operator) => {
    expect(evaluateCondition({ path: '/x/y', operator, value: [] }, { x: 1 })).toBe(true)
  })

  it('sees own properties alone', () => {
    for (const path of ['/__proto__', '/constructor', '/toString', '/constructor/prototype']) {
      expect(evaluateCondition({ path, operator: 'exists' }, {})).toBe(false)
      expect(evaluateCondition({ path, operator: 'exists' }, [])).toBe(false)
    }
    expect(evaluateCondition({ path: '/__proto__', operator: 'eq', value: 1 }, JSON.parse('{"__proto__":1}'))).toBe(
      true,
    )
  })

  it('finds a Map, Date, instance or NaN equal to nothing', () => {
    class Point {}
    for (const output of [new Map(), new Date(0), new Point(), Number.NaN, () => 1, 1n]) {
      expect(evaluateCondition({ operator: 'eq', value: {} }, output)).toBe(false)
      expect(evaluateCondition({ operator: 'gte', value: 0 }, output)).toBe(false)
    }
    expect(evaluateCondition({ operator: 'truthy' }, Number.NaN)).toBe(false)
    expect(evaluateCondition({ operator: 'eq', value: {} }, Object.create(null))).toBe(true)
  })

  it('never throws, whatever the output does', () => {
    const fail = () => {
      throw new Error('no')
    }
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const outputs = [
      {
        get x() {
          return fail()
        },
      },
      proxy,
      { x: proxy },
      new Proxy({}, { getOwnPropertyDescriptor: fail, ownKeys: fail }),
    ]
    for (const output of outputs) {
      for (const path of ['', '/x', '/x/y']) {
        for (const operator of ['eq', 'ne', 'lt', 'in', 'notIn', 'contains', 'exists', 'truthy'] as const) {
          expect(typeof evaluateCondition({ path, operator, value: [{ x: 1 }] }, output)).toBe('boolean')
        }
      }
    }
  })
})
