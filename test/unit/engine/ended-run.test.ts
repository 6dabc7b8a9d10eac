import { describe, expect, it } from 'vitest'
import { createEngine } from '../../../src/engine/engine.ts'
import { memoryStore } from '../../../src/store/memory/memory-driver.ts'
import { workflow } from '../../../src/workflow/builder.ts'

describe('a run that has ended', () => {
  const flow = workflow('two', '1.0.0')
    .node('a', () => 1)
    .node('b', ['a'], ({ a }) => a + 1)
    .build()
  const changed = workflow('two', '2.0.0')
    .node('c', () => 3)
    .build()

  it.each([
    ['without its code', []],
    ['with a workflow that has changed', [changed]],
  ])('gives its result %s, and calls nothing', async (_, workflows) => {
    const store = memoryStore()
    await (await createEngine({ store }).start(flow, undefined, { runId: 'r' })).result
    const before = await store.get('r')
    const { result } = await createEngine({ store, workflows }).resume('r')
    expect(await result).toMatchObject({ status: 'completed', output: 2, results: { a: 1, b: 2 } })
    expect(await store.get('r')).toEqual(before)
  })

  it('that is not over asks for its code', async () => {
    const store = memoryStore()
    const failing = workflow('failing', '1.0.0')
      .node('a', () => {
        throw new Error('no')
      })
      .build()
    await (await createEngine({ store }).start(failing, undefined, { runId: 'r' })).result
    await expect(createEngine({ store }).resume('r')).rejects.toMatchObject({ code: 'NODE_TYPE_MISSING' })
  })
})
