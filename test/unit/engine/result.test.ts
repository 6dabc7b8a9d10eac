import { describe, expect, it } from 'vitest'
import { createWorkflow, DagExecutor, type EdgeDefinition, workflow } from '../../../src/index.ts'

async function resultOf(ids: readonly string[], edges: readonly EdgeDefinition[], options: object = {}) {
  const nodes = ids.map((id) => ({ id, type: 'step', data: id }))
  const step = (_inputs: unknown, ctx: { readonly data: unknown }) => {
    if (ctx.data === 'bad') throw new Error('x')
    return { of: ctx.data }
  }
  const flow = createWorkflow(
    { id: 'w', version: '1.0.0', nodes, edges: [...edges] },
    { handlers: { step: step as never } },
  )
  return new DagExecutor(flow, options).execute()
}

describe('the final output', () => {
  it('is the result of the only terminal node', async () => {
    expect((await resultOf(['a', 'b'], [{ source: 'a', target: 'b' }])).output).toEqual({ of: 'b' })
  })

  it('of several is an object of them in definition order, whichever ended first', async () => {
    const { output } = await resultOf(['c', 'a', 'b'], [{ source: 'a', target: 'b' }])
    expect(Object.entries(output as object)).toEqual([
      ['c', { of: 'c' }],
      ['b', { of: 'b' }],
    ])
  })

  it('leaves out terminal nodes that did not complete; without any it is null', async () => {
    const bad = await resultOf(['a', 'bad'], [{ source: 'a', target: 'bad' }])
    expect([bad.status, bad.output, bad.results]).toEqual(['failed', null, { a: { of: 'a' } }])
    expect((await resultOf(['a', 'bad'], [])).output).toEqual({ of: 'a' })
  })

  it('leaves out a node that only stands in for another', async () => {
    const flow = workflow('w', '1.0.0')
      .node(
        'a',
        () => {
          throw new Error('x')
        },
        { fallback: 'spare' },
      )
      .node('spare', () => 'stood in')
      .build()
    expect(await new DagExecutor(flow).execute()).toMatchObject({ status: 'completed', output: 'stood in' })
  })

  it('is undefined for a result that was too large and dropped', async () => {
    const options = { limits: { maxResultBytes: 2 }, oversizedResults: 'drop' }
    const result = await resultOf(['a'], [], options)
    expect([result.status, result.output, result.results]).toEqual(['completed', undefined, { a: undefined }])
  })
})

describe('a result', () => {
  it('is decoded once for its reader, and shares nothing with the run or another result', async () => {
    const flow = workflow('w', '1.0.0')
      .node('a', () => ({ list: [1] }))
      .build()
    const executor = new DagExecutor(flow)
    const one = await executor.execute()
    const other = await executor.execute()
    expect(one.results).toBe(one.results)
    expect(one.output).toBe(one.output)
    ;(one.results as { a: { list: number[] } }).a.list.push(2)
    ;(one.output as { list: number[] }).list.push(3)
    expect([other.results, other.output]).toEqual([{ a: { list: [1] } }, { list: [1] }])
    expect(Object.isFrozen(one)).toBe(true)
  })

  it('can be spread and serialized, also with a node named __proto__', async () => {
    const result = await resultOf(['__proto__', 'b'], [])
    expect(JSON.parse(JSON.stringify({ ...result })).status).toBe('completed')
    expect(Object.keys(result.results)).toEqual(['__proto__', 'b'])
  })
})
