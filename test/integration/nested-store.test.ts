import { expect, it } from 'vitest'
import { createEngine, sleep, waitForSignal, workflow } from '../../src/index.ts'
import { fileStore } from '../../src/store/file/file-store.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'

it('a run of all shapes, nested twice, is taken up from a file store by another process without anything run again', async () => {
  const folder = temporaryFolder()
  const calls: string[] = []
  const deep = workflow('deep')
    .node('a', () => calls.push('a'))
    .node('nap', ['a'], sleep({ durationMs: 5 }))
    .map('items', ['nap'], { items: () => [1, 2, 3] }, (item, ctx) => ctx.step('x', () => calls.push(`item ${item}`)))
    .build()
  const inner = workflow('inner')
    .workflow('deep', [], deep)
    .node('answer', ['deep'], waitForSignal<number>({ name: 'go' }))
    .build()
  const flow = workflow('outer')
    .workflow('inner', [], inner)
    .node('twice', ['inner'], () => calls.push('twice'), {
      repeat: { until: (count: number) => count > 5, maximumVisits: 3 },
    })
    .build()
  const open = () => createEngine({ store: fileStore(folder), workflows: [flow] })
  const first = await open().start(flow, undefined, { runId: 'r' })
  expect((await first.result).status).toBe('waiting')
  // The engine that is given the signal goes on with the run.
  const engine = open()
  await engine.signal('r', 'go', 5)
  const second = await engine.resume('r')
  expect((await second.result).results).toMatchObject({ inner: 5, twice: 6 })
  expect(calls).toEqual(['a', 'item 1', 'item 2', 'item 3', 'twice', 'twice'])
  expect((await (await open().resume('r')).result).results).toMatchObject({ inner: 5, twice: 6 })
})
