// Starts or resumes a run of one of several shapes on a file store until it is killed. Whatever a handler does is first appended
// to a witness file, under the name that the fact which records it has in `shapes.test.ts`.
import { appendFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { createEngine, sleep, waitForSignal, workflow } from 'waystone'
import { fileStore } from 'waystone/store/file'

const [shape, directory, witness, runId, extra] = process.argv.slice(2)
const witnessed = (what) => appendFileSync(witness, `${what}\n`)
const some = (ms) => pause(Math.random() * ms)

/** A thousand items, a seventh of which fail at first. */
function map() {
  return workflow('map', '1.0.0')
    .node('list', () => Array.from({ length: 1000 }, (_, index) => index))
    .map(
      'squares',
      ['list'],
      { concurrency: 8 },
      async (number, { item, attempt, counters, accumulators }) => {
        witnessed(`item squares/${item.index}`)
        await some(3)
        if (number % 7 === 0 && attempt === 1) throw new Error('not at once')
        counters.add('done')
        accumulators.sum('total', number)
        return number * number
      },
      { retry: { maximumAttempts: 3, initialIntervalMs: 2 } },
    )
    .node('end', ['squares'], ({ squares }, { counters, accumulators }) => {
      witnessed('node end')
      return [
        squares.length,
        squares.reduce((sum, square) => sum + square, 0),
        counters.get('done'),
        accumulators.get('total'),
      ]
    })
    .build()
}

/** A run in a run in a run in a run; each level does three steps, sleeps, is the next level, and does two more. */
function nested() {
  let inner = null
  for (let level = 3; level >= 0; level -= 1) {
    const before = workflow(`level ${level}`, '1.0.0')
      .node(`begin ${level}`, (_, ctx) => steps(ctx, 3))
      .node(`nap ${level}`, [`begin ${level}`], sleep({ durationMs: 10 }))
    const middle =
      inner === null
        ? before.node(`middle ${level}`, [`nap ${level}`], (_, ctx) => steps(ctx, 1))
        : before.workflow(`middle ${level}`, [`nap ${level}`], inner, { input: () => level })
    inner = middle
      .node(`end ${level}`, [`begin ${level}`, `middle ${level}`], async (inputs, ctx) => {
        const own = await steps(ctx, 2)
        return [...inputs[`begin ${level}`], ...inputs[`middle ${level}`], ...own]
      })
      .build()
  }
  return inner
}

/** Steps that never give the same twice: what they gave is known from their facts alone. */
async function steps(ctx, count) {
  witnessed(`node ${ctx.nodeId}`)
  const given = []
  for (let index = 0; index < count; index += 1) {
    const name = `step ${index}`
    given.push(
      await ctx.step(name, async () => {
        witnessed(`step ${ctx.nodeId}/${name}`)
        await some(3)
        return `${ctx.nodeId}/${name} ${Math.random()}`
      }),
    )
  }
  return given
}

/** Two nodes wait for signals of one name; each signal is taken once. */
function signals() {
  const worked = (source) => async (inputs, ctx) => {
    witnessed(`node ${ctx.nodeId}`)
    await some(4)
    ctx.counters.add('taken')
    return inputs[source]
  }
  return workflow('signals', '1.0.0')
    .node('first', waitForSignal({ name: 'go' }))
    .node('second', waitForSignal({ name: 'go' }))
    .node('after first', ['first'], worked('first'))
    .node('after second', ['second'], worked('second'))
    .node('end', ['after first', 'after second'], (inputs, { counters }) => [
      ...Object.values(inputs).sort(),
      counters.get('taken'),
    ])
    .build()
}

/** Fifty visits, each of which goes on from what the one before gave. */
function repeat() {
  return workflow('repeat', '1.0.0')
    .node(
      'again',
      async (_, { visit, previous, counters }) => {
        witnessed(`visit again/${visit}`)
        await some(3)
        counters.add('visits')
        return (previous ?? 0) + visit
      },
      { repeat: { until: (sum) => sum >= 1275, maximumVisits: 60 } },
    )
    .node('end', ['again'], ({ again }, { counters }) => [again, counters.get('visits')])
    .build()
}

const flow = { map, nested, signals, repeat }[shape]()
const engine = createEngine({
  store: fileStore(directory),
  workflows: [flow],
  // Some processes take checkpoints, and leave them to others.
  ...(Math.random() < 0.5 ? { checkpointEvents: 40 } : {}),
  // It is killed far more often than a run that goes on by itself would be.
  limits: { maxFruitlessResumes: null },
})

/** Does something once the claim of a process that was killed while it made it is free. */
async function untilFree(work) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work()
    } catch (error) {
      if (error.code !== 'STORE_HELD' || tries > 200) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

if (extra !== undefined) {
  process.stdout.write('started\n')
  await untilFree(() => engine.signal(runId, 'go', extra))
  process.stdout.write('recorded\n')
} else {
  const { result } = await untilFree(async () =>
    (await engine.get(runId)) === null ? engine.start(flow, null, { runId }) : engine.resume(runId),
  )
  process.stdout.write('started\n')
  const { status, output } = await result
  process.stdout.write(`end ${status} ${JSON.stringify(output)}\n`)
}
