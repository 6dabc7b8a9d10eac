import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { emptyInputs, setValue } from '../../../src/engine/values-by-node.ts'
import { buildGraph } from '../../../src/workflow/graph.ts'

const names = ['b', '__proto__', 'a', 'toString', 'constructor', '', 'hasOwnProperty']

/** A graph whose last node has many upstreams. */
function graphOf(nodes: number) {
  const ids = Array.from({ length: nodes }, (_, index) => `n${index}`)
  const target = ids.at(-1)!
  return buildGraph({
    nodes: ids.map((id) => ({ id, type: 'step' })),
    edges: ids.slice(0, -1).map((source) => ({ source, target })),
  })
}

/** A graph, and how many inputs were made for it before. */
const cases = [
  [3, 0],
  [3, 100],
  [10_000, 0],
  [10_000, 30_000],
] as const

describe.each(cases)('the inputs of a node of %d, of which %d had inputs before', (nodes, before) => {
  const graph = graphOf(nodes)
  const empty = () => emptyInputs(graph, nodes - 1)
  for (let made = 0; made < before; made += 1) empty()

  it('are a plain object with the members in the order they were set', () => {
    const values = empty()
    for (const [index, name] of names.entries()) setValue(values, name, index)
    expect(Object.getPrototypeOf(values)).toBe(Object.prototype)
    expect(Object.entries(values)).toEqual(names.map((name, index) => [name, index]))
  })

  it('have members like those of an object literal', () => {
    const values = empty()
    for (const name of names) setValue(values, name, 1)
    const like = { value: 1, enumerable: true, writable: true, configurable: true }
    for (const name of names) expect(Object.getOwnPropertyDescriptor(values, name)).toEqual(like)
  })

  it('answer to what every object answers to, as long as no node has that name', () => {
    const values = empty()
    setValue(values, 'a', 1)
    expect(values['hasOwnProperty']).toBe(Object.prototype.hasOwnProperty)
    expect(String(values)).toBe('[object Object]')
    expect(values).toStrictEqual({ a: 1 })
  })

  it('are told apart from an object literal by nothing a handler can ask', () => {
    const values = empty()
    setValue(values, 'a', [1])
    expect(values.constructor).toBe(Object)
    expect(structuredClone(values)).toStrictEqual({ a: [1] })
    expect({ ...values }).toStrictEqual({ a: [1] })
    expect(inspect(values)).toBe('{ a: [ 1 ] }')
    expect(Object.isExtensible(values)).toBe(true)
  })

  it('are another object each time', () => {
    setValue(empty(), 'a', 1)
    expect(empty()).toStrictEqual({})
  })
})

describe('the inputs of a node with one upstream or none', () => {
  const graph = buildGraph({
    nodes: ['a', 'b', 'c'].map((id) => ({ id, type: 'step' })),
    edges: [
      { source: 'a', target: 'b' },
      { source: 'a', target: 'c' },
    ],
  })

  it.each([0, 1, 2])('are a plain object too, of node %d', (index) => {
    const values = emptyInputs(graph, index)
    expect(values).toStrictEqual({})
    setValue(values, 'a', 1)
    expect(values).toStrictEqual({ a: 1 })
    expect(emptyInputs(graph, index)).toStrictEqual({})
  })
})
