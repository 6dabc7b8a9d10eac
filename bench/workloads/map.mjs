// A map node over many items: what an item costs beyond calling a function for it.
import { createEngine, DagExecutor, workflow } from 'waystone'
import { fileStore } from 'waystone/store/file'
import { checksum } from '../suite/graphs.mjs'
import { timed } from '../suite/measure.mjs'
import { makeScratch, removeScratch } from '../suite/scratch.mjs'

const CONCURRENCY = 64

const itemsOf = (size) => Array.from({ length: size }, (_, id) => ({ id, name: `item ${id}` }))
const work = async ({ id }) => (id * 7) % 1_000
const flowOf = (items) =>
  workflow('map')
    .node('items', () => items)
    .map('results', ['items'], { key: '/id' }, work)
    .build()

const subject = (name, kind, prepare, more = {}) => ({
  name,
  kind,
  ...more,
  async measure({ size }, settings) {
    const items = itemsOf(size)
    const expected = checksum(items.map(({ id }) => (id * 7) % 1_000))
    const { run, remove = () => undefined } = prepare(items)
    try {
      const { samples, facts } = await timed(run, expected, settings)
      return { metrics: { ms: samples }, facts }
    } finally {
      remove()
    }
  },
})

export const map = {
  name: 'map',
  title: `A map node over many items, ${CONCURRENCY} at once`,
  note: 'Every item is an object of two members, its handler an async function that returns a number. The pool starts the next item when one has ended, as is done by hand.',
  unit: 'items',
  limit: 'pool of promises',
  cases: [10_000, 100_000].map((size) => ({
    name: `${size.toLocaleString('en')} items`,
    size,
    units: size,
    quick: size <= 10_000,
  })),
  subjects: [
    subject('pool of promises', 'limit', (items) => ({
      run: async () => {
        const results = []
        let next = 0
        const lane = async () => {
          while (next < items.length) {
            const at = next++
            results[at] = await work(items[at])
          }
        }
        await Promise.all(Array.from({ length: CONCURRENCY }, lane))
        return checksum(results)
      },
    })),
    subject('waystone', 'ours', (items) => {
      const flow = flowOf(items)
      return {
        run: async () => {
          const { results } = await new DagExecutor(flow, { concurrency: CONCURRENCY }).execute()
          return checksum(results.results)
        },
      }
    }),
    subject(
      'waystone, file store',
      'ours',
      (items) => {
        const flow = flowOf(items)
        const folder = makeScratch()
        const engine = createEngine({ store: fileStore(folder), workflows: [flow], concurrency: CONCURRENCY })
        return {
          run: async () => {
            const { result } = await engine.start(flow)
            return checksum((await result).results.results)
          },
          remove: () => removeScratch(folder),
        }
      },
      { setting: "durability 'sync'" },
    ),
  ],
  growth: [
    {
      subject: 'waystone',
      title: 'items of a map node',
      sizes: [5_000, 20_000, 80_000],
      parameters: (size) => ({ size }),
    },
  ],
}
