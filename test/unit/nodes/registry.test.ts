import { describe, expect, it } from 'vitest'
import { DEFAULT_VALUE_LIMITS } from '../../../src/base/values/limits.ts'
import { idempotencyKey, signalKey } from '../../../src/nodes/idempotency-key.ts'
import { createRegistry, isRegistry } from '../../../src/nodes/registry.ts'
import { buildGraph } from '../../../src/workflow/graph.ts'
import { parseDefinition } from '../../../src/workflow/parse.ts'

const one = () => 1
const two = () => 2

describe('createRegistry', () => {
  it('takes entries or another registry, which it does not change', () => {
    const first = createRegistry([['a', one]])
    const second = createRegistry(first).register('b', two)
    expect([first.types(), second.types()]).toEqual([['a'], ['a', 'b']])
    expect(second.get('a')).toBe(one)
  })

  it('refuses a second handler of a type; override replaces it, in its place', () => {
    const registry = createRegistry([
      ['a', one],
      ['b', one],
    ])
    expect(() => registry.register('a', two)).toThrow(
      expect.objectContaining({ code: 'NODE_TYPE_DUPLICATE', details: { type: 'a' } }),
    )
    registry.override('a', two).override('c', two)
    expect([registry.get('a'), registry.types()]).toEqual([two, ['a', 'b', 'c']])
  })

  it.each([
    [5, one],
    ['a', undefined],
    ['a', 'handler'],
    [undefined, one],
  ])('refuses the type %j with the handler %s', (type, handler) => {
    for (const method of ['register', 'override'] as const) {
      expect(() => createRegistry()[method](type as string, handler as () => unknown)).toThrow(
        expect.objectContaining({ code: 'ARGUMENT_INVALID' }),
      )
    }
  })

  it('refuses a third argument that is no hooks, and says what replaces a handler', () => {
    const register = createRegistry().register as (...given: readonly unknown[]) => unknown
    expect(() => register('a', one, { override: true })).toThrow(expect.objectContaining({ code: 'OPTION_UNKNOWN' }))
    expect(() => register('a', one, {})).toThrow(
      expect.objectContaining({
        code: 'ARGUMENT_INVALID',
        message: expect.stringContaining('to replace a handler call override(type, handler)'),
      }),
    )
  })

  it('knows no type that every object has', () => {
    const registry = createRegistry()
    for (const type of ['constructor', '__proto__', 'toString', '']) {
      expect([registry.has(type), registry.get(type)]).toEqual([false, undefined])
      expect(registry.register(type, one).get(type)).toBe(one)
    }
  })

  it('names what is missing once, in definition order, types of fallbacks too', () => {
    const nodes = [
      { id: 'a', type: 'x', fallback: { type: 'y' } },
      { id: 'b', type: 'x', fallback: 'c' },
      { id: 'c', type: 'z' },
      { id: 'd', type: 'known' },
    ]
    expect(createRegistry([['known', one]]).missing(buildGraph(parseDefinition({ id: 'w', nodes })))).toEqual([
      'x',
      'y',
      'z',
    ])
  })

  it('tells a registry from what is none', () => {
    expect([createRegistry(), new Map(), null, {}].map(isRegistry)).toEqual([true, false, false, false])
  })
})

describe('idempotencyKey', () => {
  it('is one for no two pairs of run and node', () => {
    const ids = ['', 'a', '/', 'a/', '/a', 'a/b', '%', '%2F', '%252F', 'a%2Fb', '\ud83d']
    const whole = { item: null, visit: 1, path: [] }
    const kinds = [
      whole,
      ...ids.map((item) => ({ ...whole, item })),
      { ...whole, visit: 2 },
      { ...whole, visit: 3 },
      ...ids.flatMap((outer) => [
        { ...whole, path: [outer] },
        { ...whole, path: [outer, 'a'], item: 'a' },
      ]),
    ]
    const keys = ids.flatMap((run) => ids.flatMap((node) => kinds.map((kind) => idempotencyKey(run, node, kind))))
    expect(new Set(keys).size).toBe(ids.length ** 2 * kinds.length)
    expect(idempotencyKey('r/1', 'a/b', whole)).toBe('waystone/r%2F1/a/b')
    expect(idempotencyKey('r', 'a/b', { ...whole, item: 'k/1' })).toBe('waystone-item/r/a%2Fb/k/1')
    expect(idempotencyKey('r', 'a', { ...whole, visit: 2 })).toBe('waystone-visit/r/a/2')
    expect(idempotencyKey('r', 'a', { ...whole, path: ['x', 'y'] })).toBe('waystone-nested/2/r/x/y/a')
  })

  it('is one for no two signals that nodes send', () => {
    const ids = ['', 'a', 'b', '/', 'a/b', 'b/c', '%', '%2F', 'a%2Fb']
    const keys = ids.flatMap((name) =>
      ids.map((node) => signalKey(name, idempotencyKey('r', node, { item: null, visit: 1, path: [] }))),
    )
    expect(new Set(keys).size).toBe(ids.length ** 2)
  })

  it('is never longer than a key of a document', () => {
    const { maxKeyLength } = DEFAULT_VALUE_LIMITS
    const names = ['a', 'b', '\ud800', '\ud801', '/'].map((name) => name.repeat(maxKeyLength))
    const keys = names.map((name) => signalKey(name, 'k'))
    expect(new Set(keys).size).toBe(names.length)
    for (const key of keys) expect(key).toMatch(/^waystone-signal\/[0-9a-f]{64}$/)
    const shortest = signalKey('', 'k')
    expect(signalKey('a'.repeat(maxKeyLength - shortest.length), 'k')).toHaveLength(maxKeyLength)
  })
})
