// Many short runs at once on one file store, beside a bare append and sync for each step.
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { createEngine } from 'waystone'
import { fileStore } from 'waystone/store/file'
import { durablePeers, measureMany } from '../suite/durable-peer.mjs'
import { step, upstreamsOf, workflowOf } from '../suite/graphs.mjs'
import { timed } from '../suite/measure.mjs'
import { makeScratch, removeScratch } from '../suite/scratch.mjs'

const STEPS = 10
const AT_ONCE = 10

const raw = (name, every) => ({
  name,
  quick: every === 1,
  kind: 'limit',
  async measure({ runs }, settings) {
    const folder = makeScratch()
    try {
      const record = Buffer.from(`${'x'.repeat(200)}\n`)
      const file = openSync(join(folder, 'log'), 'a')
      const run = async () => {
        for (let at = 1; at <= runs * STEPS; at += 1) {
          writeSync(file, record)
          if (at % every === 0) fdatasyncSync(file)
        }
        return runs
      }
      const { samples, facts } = await timed(run, runs, settings)
      closeSync(file)
      return { metrics: { ms: samples }, facts }
    } finally {
      removeScratch(folder)
    }
  },
})

export const many = {
  name: 'many',
  title: `Runs of ${STEPS} steps, ${AT_ONCE} at once, file store`,
  note: 'One engine, one folder; a new run starts whenever one ends. The raw loop writes 201 bytes a step, first with a sync for each, then with one for every ten. Runs stay until all is measured: where thousands were deleted in the last minutes, ext4 takes several times as long to make a file.',
  unit: 'steps',
  limit: 'append and fdatasync, one by one',
  cases: [{ name: '200 runs', runs: 200, units: 200 * STEPS, quick: true }],
  subjects: [
    raw('append and fdatasync, one by one', 1),
    raw('append, fdatasync every 10', 10),
    {
      name: 'waystone',
      kind: 'ours',
      setting: "durability 'sync'",
      async measure({ runs }, settings) {
        // Left where it is, and removed with the copy of this suite: where thousands of files were deleted in the last minutes,
        // ext4 searches long for the place of a new one.
        const store = fileStore(makeScratch())
        const flow = workflowOf(upstreamsOf('chain', STEPS), async (inputs) => step(Object.values(inputs)))
        const engine = createEngine({ store, workflows: [flow] })
        const run = async () => {
          let left = runs
          let done = 0
          const worker = async () => {
            while (left > 0) {
              left -= 1
              const { result } = await engine.start(flow)
              if ((await result).output === STEPS) done += 1
            }
          }
          await Promise.all(Array.from({ length: AT_ONCE }, worker))
          return done
        }
        const { samples, facts } = await timed(run, runs, settings)
        await store.close()
        return { metrics: { ms: samples }, facts }
      },
    },
    ...durablePeers('many', (peer, { runs }, settings) =>
      measureMany(peer, { runs, steps: STEPS, atOnce: AT_ONCE }, settings),
    ),
  ],
  growth: [
    { subject: 'waystone', title: 'runs at once, sync', sizes: [25, 100, 400], parameters: (runs) => ({ runs }) },
  ],
}
