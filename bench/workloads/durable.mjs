// One run of steps in sequence on the file store, beside a bare append and sync for each step.
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { createEngine } from 'waystone'
import { fileStore } from 'waystone/store/file'
import { durablePeers, measureSteps } from '../suite/durable-peer.mjs'
import { upstreamsOf, workflowOf } from '../suite/graphs.mjs'
import { timed } from '../suite/measure.mjs'
import { makeScratch, removeScratch, sizeOf } from '../suite/scratch.mjs'
import { textOf } from '../suite/values.mjs'

/** What a step costs beside its payload when it is written down by hand: ids, a time, an attempt. */
const ENVELOPE = 200

const raw = (name, every) => ({
  name,
  quick: every === 1,
  kind: 'limit',
  async measure({ size, payload }, settings) {
    const folder = makeScratch()
    try {
      const record = Buffer.from(`${'x'.repeat(payload + ENVELOPE)}\n`)
      let runs = 0
      const run = async () => {
        const file = openSync(join(folder, `log-${runs++}`), 'a')
        for (let at = 1; at <= size; at += 1) {
          writeSync(file, record)
          if (at % every === 0 || at === size) fdatasyncSync(file)
        }
        closeSync(file)
        return size
      }
      const { samples, facts } = await timed(run, size, settings)
      return { metrics: { ms: samples }, facts: { ...facts, bytesPerStep: record.length } }
    } finally {
      removeScratch(folder)
    }
  },
})

const ours = (name, durability) => ({
  name,
  quick: durability === 'sync',
  kind: 'ours',
  setting: `durability '${durability}'`,
  async measure({ size, payload }, settings) {
    const folder = makeScratch()
    const store = fileStore(folder, { durability })
    try {
      const text = textOf(payload)
      const flow = workflowOf(upstreamsOf('chain', size), async (inputs) => {
        const [before] = Object.values(inputs)
        return { at: (before?.at ?? 0) + 1, text }
      })
      const engine = createEngine({ store, workflows: [flow] })
      let runs = 0
      const run = async () => {
        runs += 1
        const { result } = await engine.start(flow)
        return (await result).output.at
      }
      const { samples, facts } = await timed(run, size, settings)
      await store.close()
      return { metrics: { ms: samples }, facts: { ...facts, bytesPerStep: sizeOf(folder) / (runs * size) } }
    } finally {
      removeScratch(folder)
    }
  },
})

export const durable = {
  name: 'durable',
  title: 'One run of steps in sequence, file store',
  note: 'Every step returns its number and a text of the size given; the raw loop writes as many bytes and 200 more with `writeSync` and `fdatasyncSync`. The bytes a step are those of all files of the store.',
  unit: 'steps',
  limit: 'append and fdatasync, one by one',
  cases: [
    { name: '1,000 steps', size: 1_000, payload: 0, units: 1_000, quick: true },
    { name: '1,000 steps of 1 KiB', size: 1_000, payload: 1_024, units: 1_000, quick: true },
    { name: '100 steps of 100 KiB', size: 100, payload: 102_400, units: 100 },
  ],
  subjects: [
    raw('append and fdatasync, one by one', 1),
    raw('append, fdatasync every 10', 10),
    ours('waystone', 'sync'),
    ours('waystone, exit', 'exit'),
    ...durablePeers('steps', measureSteps, { all: { quick: ['1,000 steps of 1 KiB'] } }),
  ],
  growth: [
    {
      subject: 'waystone',
      title: 'steps in sequence, sync',
      sizes: [100, 400, 1_600],
      parameters: (size) => ({ size, payload: 0 }),
    },
    {
      subject: 'waystone, exit',
      title: 'steps in sequence, exit',
      sizes: [250, 1_000, 4_000],
      parameters: (size) => ({ size, payload: 0 }),
    },
  ],
}
