import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { RunEvent } from '../../src/run/event.ts'
import { fileStore } from '../../src/store/file/index.ts'
import { count } from '../helpers/count.ts'

const RUN = 'run'

/** What a process came to. */
interface Ended {
  readonly wasKilled: boolean
  /** Lines it wrote. */
  readonly lines: readonly string[]
}

/** A folder with one run of a shape, and what its processes did. */
interface Job {
  readonly folder: string
  readonly shape: string
  kills: number
  /** What the log said after its latest process. */
  facts: readonly RunEvent[]
}

/** Runs a process of the job; kills it a random time, up to so many milliseconds, after it has taken the run up. */
function runProcess({ folder, shape }: Job, killWithinMs: number | null, signal?: string): Promise<Ended> {
  const script = fileURLToPath(new URL('./shapes-child.mjs', import.meta.url))
  const args = [script, shape, join(folder, 'store'), join(folder, 'witness'), RUN]
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, signal === undefined ? args : [...args, signal], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let out = ''
    let errors = ''
    child.stdout.on('data', (chunk: Buffer) => {
      if (out === '' && killWithinMs !== null) setTimeout(() => child.kill('SIGKILL'), Math.random() * killWithinMs)
      out += chunk
    })
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk
    })
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code !== 0 && signal === null) reject(new Error(`the process failed: ${errors}`))
      else resolve({ wasKilled: signal === 'SIGKILL', lines: out.split('\n').filter(Boolean) })
    })
  })
}

/** All facts on record, read by this process; none before there is a run. */
async function readFacts({ folder }: Job): Promise<readonly RunEvent[]> {
  const directory = join(folder, 'store')
  if (!existsSync(directory)) return []
  const store = fileStore(directory)
  try {
    if ((await store.get(RUN)) === null) return []
    const facts: RunEvent[] = []
    for await (const { text } of store.events(RUN)) facts.push(JSON.parse(text) as RunEvent)
    return facts
  } finally {
    await store.close()
  }
}

/** What facts say is done, as the process names it before it does it. */
function doneBy(facts: readonly RunEvent[]): readonly string[] {
  const visits = new Map<string, number>()
  return facts.flatMap(({ type, data }) => {
    switch (type) {
      case 'node.completed':
        return visits.has(data.nodeId)
          ? [`node ${data.nodeId}`, `visit ${data.nodeId}/${visits.get(data.nodeId)! + 1}`]
          : [`node ${data.nodeId}`]
      case 'item.completed':
        return [`item ${data.nodeId}/${data.item}`]
      case 'step.completed':
        return [`step ${data.nodeId}/${data.name}`]
      case 'node.visited':
        visits.set(data.nodeId, data.visit)
        return [`visit ${data.nodeId}/${data.visit}`]
      default:
        return []
    }
  })
}

function witnessed({ folder }: Job): readonly string[] {
  return readFileSync(join(folder, 'witness'), 'utf8').split('\n').filter(Boolean)
}

/** Runs a process of the job, and holds what it did against what was on record before it. */
async function hop(job: Job, killWithinMs: number | null, signal?: string): Promise<Ended> {
  const before = doneBy(job.facts)
  const known = witnessed(job).length
  const ended = await runProcess(job, killWithinMs, signal)
  if (ended.wasKilled) job.kills += 1
  const done = new Set(before)
  const again = witnessed(job)
    .slice(known)
    .filter((what) => done.has(what))
  expect(again, 'on record as done, and done again').toEqual([])
  job.facts = await readFacts(job)
  const after = doneBy(job.facts)
  expect(after.slice(0, before.length), 'was on record').toEqual(before)
  expect(new Set(after).size, 'nothing is done twice by the record').toBe(after.length)
  return ended
}

/** Runs jobs of a shape, one after the other, until so many processes have been killed; then its last job ends in peace. */
async function killing(shape: string, kills: number, run: (job: Job, wantsKill: () => boolean) => Promise<void>) {
  let killed = 0
  while (killed < kills) {
    const folder = mkdtempSync(join(tmpdir(), 'waystone-kill-'))
    writeFileSync(join(folder, 'witness'), '')
    const job: Job = { folder, shape, kills: 0, facts: [] }
    try {
      await run(job, () => killed + job.kills < kills)
      killed += job.kills
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
  count(`kills of a run, ${shape}`, killed)
}

/** Takes the run up until a process of it comes to an end of its own; gives how the run stands then. */
async function untilItEnds(job: Job, killWithinMs: number, wantsKill: () => boolean): Promise<string> {
  for (;;) {
    const { wasKilled, lines } = await hop(job, wantsKill() ? killWithinMs : null)
    if (!wasKilled) return lines.find((line) => line.startsWith('end ')) ?? lines.join('\n')
  }
}

/** Facts of a type. */
function ofType<Type extends RunEvent['type']>(facts: readonly RunEvent[], type: Type) {
  return facts.filter((fact): fact is Extract<RunEvent, { readonly type: Type }> => fact.type === type)
}

describe('a process killed on the file store', () => {
  it('in a map of a thousand items with retries: no item that is done is run again, all is counted once', async () => {
    await killing('map', 25, async (job, wantsKill) => {
      const end = await untilItEnds(job, 250, wantsKill)
      const sum = (999 * 1000) / 2
      expect(end).toBe(`end completed ${JSON.stringify([1000, (999 * 1000 * 1999) / 6, 1000, sum])}`)
      const { facts } = job
      expect(ofType(facts, 'item.completed')).toHaveLength(1000)
      const started = ofType(facts, 'item.started').length
      const interrupted = ofType(facts, 'item.interrupted').length
      const retried = ofType(facts, 'item.retry-scheduled').length
      expect(started).toBe(1000 + interrupted + retried)
    })
  })

  it('in runs nested three deep: no node or step that is done at any level is done again, no sleep begins anew', async () => {
    await killing('nested', 25, async (job, wantsKill) => {
      const end = await untilItEnds(job, 120, wantsKill)
      const { facts } = job
      const steps = ofType(facts, 'step.completed').map(({ data }) => data.output)
      expect(steps).toHaveLength(4 * 5 + 1)
      expect(end.startsWith('end completed ')).toBe(true)
      expect((JSON.parse(end.slice('end completed '.length)) as string[]).sort()).toEqual([...steps].sort())
      expect(ofType(facts, 'node.waiting')).toHaveLength(4)
      expect(ofType(facts, 'child.started').map(({ path }) => path?.length ?? 0)).toEqual([0, 1, 2])
      expect(ofType(facts, 'node.completed')).toHaveLength(4 * 4)
    })
  })

  it('between a signal and what waits for it, or while it is sent: none is lost, none is taken twice', async () => {
    await killing('signals', 30, async (job, wantsKill) => {
      expect(await untilItEnds(job, 15, wantsKill)).toBe('end waiting null')
      for (const [index, payload] of ['one', 'two'].entries()) {
        // Nobody knows whether a signal is on record when the process that sends it is killed; the log tells.
        for (let isRecorded = false; !isRecorded; ) {
          const { wasKilled, lines } = await hop(job, wantsKill() ? 8 : null, payload)
          isRecorded = ofType(job.facts, 'signal.received').length > index
          if (!wasKilled || lines.includes('recorded')) expect(isRecorded).toBe(true)
        }
        const end = await untilItEnds(job, 15, wantsKill)
        expect(end).toBe(index === 0 ? 'end waiting null' : 'end completed ["one","two",2]')
      }
      const { facts } = job
      const sent = ofType(facts, 'signal.received').map(({ seq }) => seq)
      expect(ofType(facts, 'node.completed').flatMap(({ data }) => data.signals ?? [])).toEqual(sent)
      expect(sent).toHaveLength(2)
    })
  })

  it('in a node that is visited fifty times: no visit that is done is made again', async () => {
    await killing('repeat', 15, async (job, wantsKill) => {
      expect(await untilItEnds(job, 60, wantsKill)).toBe('end completed [1275,50]')
      const visits = ofType(job.facts, 'node.visited').map(({ data }) => data.visit)
      expect(visits).toEqual(Array.from({ length: 49 }, (_, index) => index + 1))
    })
  })
})
