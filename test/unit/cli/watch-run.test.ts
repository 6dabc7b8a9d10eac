import { describe, expect, it } from 'vitest'
import { processIo } from '../../../src/cli/io.ts'
import { watchRun } from '../../../src/cli/watch-run.ts'
import { createEngine, memoryStore, sleep, waitForSignal, workflow } from '../../../src/index.ts'
import type { Workflow } from '../../../src/workflow/workflow.ts'
import { ManualClock } from '../../helpers/manual-clock.ts'
import { recordingLogger } from '../../helpers/run-control.ts'

const hostile = 'a\u001b[2J\u202e\n'

/** Three naps, the last two in a run that is a node, and one that follows a handle nobody chooses. */
const inner = workflow('inner', '2.0.0')
  .node('third', sleep({ durationMs: 3_000 }))
  .node(hostile, ['third'], () => 1)
  .build()
const naps = workflow('naps', '1.0.0')
  .node('first', sleep({ durationMs: 1_000 }))
  .node('skipped', [{ source: 'first', sourceHandle: 'never' }], () => 1)
  .node('second', ['first'], sleep({ durationMs: 2_000 }))
  .workflow('nested', ['second'], inner)
  .build()

/** What is written on one line of a picture comes after what erases the picture before it. */
const REDRAW = /\u001b\[\d+A\r\u001b\[0J/

interface Given {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  readonly isJson?: boolean
  readonly isOnce?: boolean
  /** Whether another run has completed before. */
  readonly hasPast?: boolean
  readonly flow?: Workflow
}

async function watched(given: Given = {}) {
  const { isTTY = false, columns = 80, rows = 24, isJson = false, isOnce = false, hasPast = false } = given
  const flow = given.flow ?? naps
  const clock = new ManualClock(Date.UTC(2026, 0, 1))
  const store = memoryStore()
  const engine = createEngine({ store, clock, workflows: [flow], logger: recordingLogger() })
  if (hasPast) await clock.drive((await engine.start(flow, undefined, { runId: 'past' })).result)
  const { result } = await engine.start(flow, undefined, { runId: 'r' })
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  const written = { out: '', err: '' }
  const stream = (name: 'out' | 'err') => ({
    ...{ isTTY, columns, rows },
    write: (text: string) => {
      written[name] += text
    },
  })
  const io = processIo(
    { stdout: stream('out'), stderr: stream('err'), env: { NO_COLOR: '1' } },
    { isVerbose: false, isJson },
  )
  const code = await clock.drive(watchRun({ io, store, runId: 'r', clock, isOnce }))
  if (!isOnce) await result
  return { code, out: written.out, frames: written.out.split(REDRAW).map((frame) => frame.split('\n').slice(0, -1)) }
}

describe('watchRun on a terminal', () => {
  it('draws the run as a tree, over and over, until it has ended', async () => {
    const { code, frames } = await watched({ isTTY: true, hasPast: true })
    expect(code).toBe(0)
    expect(frames[0]).toEqual([
      'run r of naps 1.0.0 running',
      '0ms, about 6s left',
      '1 waiting, 3 pending',
      'first    waiting  0ms  1s left, until 2026-01-01T00:00:07Z',
      'skipped  pending',
      'second   pending',
      'nested   pending',
    ])
    const nested = frames.find((frame) => frame.some((line) => line.includes('third')))!
    expect(nested.slice(-3).map((line) => line.replace(/\d+m?s/g, 'N').replace(/ {2,}/g, '  '))).toEqual([
      'nested  waiting  N  run of inner 2.0.0',
      '  third  waiting  N  N left, until 2026-01-01T00:00:12Z',
      '  a\\u{1b}[2J\\u{202e}\\n  pending',
    ])
    expect(frames.at(-1)).toEqual([
      'run r of naps 1.0.0 completed',
      '6s',
      '3 completed, 1 skipped',
      'first    completed  1s',
      'skipped  skipped        untaken',
      'second   completed  2s',
      'nested   completed  3s',
    ])
    expect(frames.length).toBeGreaterThan(20)
  })

  it('has no line that wraps, and no more of them than the screen has', async () => {
    for (const [columns, rows] of [
      [40, 24],
      [20, 7],
      [8, 3],
    ] as const) {
      const { frames } = await watched({ isTTY: true, columns, rows })
      for (const frame of frames) {
        expect(frame.length).toBeLessThan(rows)
        for (const line of frame) expect(line.length).toBeLessThan(columns)
      }
    }
  })

  it('says on a line of its own what a node waits for where there is no room beside it', async () => {
    const { frames } = await watched({ isTTY: true, columns: 40 })
    expect(frames[0]!.slice(3, 5)).toEqual(['first    waiting  0ms', '  1s left, until 2026-01-01T00:00:01Z'])
  })

  it('makes no estimate without a past', async () => {
    const { frames } = await watched({ isTTY: true })
    expect(frames[0]![1]).toBe('0ms, no estimate')
  })

  it('looks once when that is enough, at a run that waits too', async () => {
    const flow = workflow('asks', '1.0.0')
      .node('asked', waitForSignal({ name: 'go', timeoutMs: 7_200_000 }))
      .build()
    const { code, frames } = await watched({ isTTY: true, isOnce: true, flow })
    expect(code).toBe(0)
    expect(frames).toHaveLength(1)
    expect(frames[0]!.at(-1)).toMatch(/^asked {2}waiting {2}0ms {2}signal go \(wait w\d+\), 2h left, until /)
  })
})

describe('watchRun in a pipe', () => {
  it('says how the run stands, then a line for each fact, and how it ended', async () => {
    const { code, out } = await watched()
    expect(code).toBe(0)
    expect(out).toMatch(/^run r of naps 1.0.0 running\n0ms, no estimate\n1 waiting, 3 pending\nfirst /)
    expect(out).toContain('\nstarted nested › third\nwaiting nested › third until 2026-01-01T00:00:06.000Z\n')
    expect(out).toContain(
      '\ncompleted nested › a\\u{1b}[2J\\u{202e}\\n\ncompleted nested\nrun r of naps 1.0.0 completed\n',
    )
    expect(out).not.toMatch(/(?!\n)\p{Cc}/u)
  })

  it('ends with the exit code of a run that fails', async () => {
    const flow = workflow('fails', '1.0.0')
      .node('nap', sleep({ durationMs: 1_000 }))
      .node('bad', ['nap'], () => {
        throw new Error('no')
      })
      .build()
    const { code, out } = await watched({ flow })
    expect(code).toBe(3)
    expect(out).toMatch(/failed bad: no\nrun r of fails 1.0.0 failed\n/)
  })

  it('writes a JSON document a line: how the run stands, its facts, and how it ended', async () => {
    const { out } = await watched({ isJson: true, hasPast: true })
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines[0]).toMatchObject({
      type: 'run',
      runId: 'r',
      status: 'running',
      estimate: { restMs: 6_000, runs: 1 },
      nodes: [{ id: 'first', wait: { kind: 'timer' } }, {}, {}, {}],
    })
    expect(lines).toContainEqual(expect.objectContaining({ type: 'node.started', path: ['nested'], nodeId: hostile }))
    expect(lines.at(-1)).toEqual({ type: 'result', runId: 'r', status: 'completed' })
  })
})
