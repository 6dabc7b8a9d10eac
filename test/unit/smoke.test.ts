import { expect, it } from 'vitest'
import { workflow, DagExecutor, serialize, deserialize, loadSnapshot, executeFromSnapshot, createEngine, memoryStore } from '../../src/index.ts'
const sleep = (ms: number) => new Promise((r) => setTimeout(r, ms))
const calls: string[] = []
const make = () => workflow('report', '1.0.0')
  .node('orders', async () => { calls.push('orders'); await sleep(5); return [{ id: 1, at: new Date(0) }, { id: 2, at: new Date(1) }] })
  .node('rates', async () => { calls.push('rates'); return new Map([['a', 2]]) }, { retry: { maximumAttempts: 3 }, timeoutMs: 5000 })
  .node('priced', ['orders', 'rates'], ({ orders, rates }, ctx) => {
    calls.push('priced')
    ctx.counters.add('rows', orders.length)
    ctx.variables.set('x', { a: 1n })
    return orders.map((o) => o.id * (rates.get('a') ?? 0))
  })
  .node('total', ['priced'], ({ priced }) => { calls.push('total'); return priced.reduce((a, b) => a + b, 0) })
  .build()
it('runs', async () => {
  const report = make()
  const executor = new DagExecutor(report, { concurrency: 4 })
  const running = executor.execute()
  await sleep(2)
  const snapshot = executor.saveSnapshot()
  const text = serialize(snapshot)
  const { status, results, output } = await running
  console.log(status, results, output, text.length, calls.join())
  const back = deserialize(text)
  expect(serialize(back)).toBe(text)
  expect(serialize(deserialize(serialize(snapshot, { compress: 'gzip', verify: true })))).toBe(text)
  calls.length = 0
  const again = await loadSnapshot(back, report).execute()
  console.log(again.status, again.output, calls.join())
  expect(again.output).toBe(6)
  const r2 = await executeFromSnapshot(executor.saveSnapshot(), report)
  expect(r2.status).toBe('completed')
  expect(executor.saveSnapshot().counters).toEqual({ rows: 2 })
  console.log(serialize(executor.saveSnapshot()))
})
it('engine', async () => {
  const store = memoryStore()
  const engine = createEngine({ store, workflows: [make()] })
  const h = await engine.start('report', undefined, { runId: 'r1' })
  const r = await h.result
  expect(r.status).toBe('completed')
  expect((await engine.get('r1'))?.status).toBe('completed')
  const again = await engine.resume('r1')
  expect((await again.result).output).toBe(6)
  expect((await engine.snapshot('r1')).completedNodes.length).toBe(4)
})
