import { describe, expect, it } from 'vitest'
import { count } from '../helpers/count.ts'
import { SAMPLE_START, textsOf } from '../helpers/sample-run.ts'
import { Actor, type Life, powerScenario, storeOn, type Witness } from './power-scenario.ts'
import { SimulatedDisk, type UnsyncedBytes, type UnsyncedNames } from './simulated-disk.ts'

const BYTES: readonly UnsyncedBytes[] = ['lost', 'kept', 'first half', 'second half', 'zeros']
const NAMES: readonly UnsyncedNames[] = ['lost', 'kept', 'some']
const LEASE_OVER = SAMPLE_START + 120_000

/** Runs the scenario on a disk whose power goes at a call; null: never. */
async function runUntil(cutAt: number | null, prepare: (disk: SimulatedDisk) => void = () => undefined) {
  const disk = new SimulatedDisk()
  if (cutAt !== null) disk.cutAt = cutAt
  prepare(disk)
  const witness: Witness = new Map()
  await powerScenario(disk.fs, witness)
  return { disk, witness }
}

/** Whether what a run shows is all that was acknowledged, and nothing that was never handed in. */
function fits(texts: readonly string[], life: Life): boolean {
  if (texts.length === 0 && (life.deleted !== 'no' || life.acknowledged === 0)) return true
  if (life.deleted === 'done' || texts.length < life.acknowledged) return false
  return texts.every((text, index) => text === life.texts[index])
}

/** Opens the folder after the power cut, reads before anything is claimed, then claims and goes on. */
async function goOn(disk: SimulatedDisk, boot: string, witness: Witness, now = LEASE_OVER): Promise<void> {
  const store = storeOn(disk.fs, boot)
  const present: string[] = []
  for (const [runId, lives] of witness) {
    const life = lives.at(-1)!
    const texts = await textsOf(store, runId)
    if (!fits(texts, life)) {
      const seqs = texts.map((text) => life.texts.indexOf(text) + 1)
      throw new Error(`run ${runId}: ${JSON.stringify({ ...life, texts: life.texts.length })}, but found ${seqs}`)
    }
    const summary = await store.get(runId)
    if ((summary?.seq ?? 0) !== texts.length) throw new Error(`run ${runId}: its summary says ${summary?.seq}`)
    if (texts.length > 0) present.push(runId)
    else if (life.deleted === 'tried') life.deleted = 'done'
  }
  expect((await store.list()).runs.map(({ runId }) => runId)).toEqual(present.sort())
  expect(disk.fs.names('/data/journal').filter((name) => name.startsWith('journal-'))).toEqual([])

  const actor = new Actor(store, witness, now)
  await Promise.all(
    [...witness].map(async ([runId, lives]) => {
      const life = lives.at(-1)!
      if (life.deleted === 'done') {
        await actor.begin(runId)
      } else {
        life.deleted = 'no'
        const { claim, repairs } = await store.claim(runId, { owner: 'next', leaseMs: 1, now })
        expect(repairs.every(({ kind }) => kind === 'torn-tail')).toBe(true)
        await store.release(claim)
        await actor.take(runId)
      }
      await actor.append(runId, 2)
      await actor.append(runId)
      if (!disk.isOff && lives.at(-1)!.acknowledged < 3) throw new Error(`run ${runId} did not go on`)
    }),
  )
  await store.close()
  expect(disk.fs.names('/data/journal')).toEqual([])
}

function copyOf(witness: Witness): Witness {
  return new Map([...witness].map(([runId, lives]) => [runId, lives.map((life) => ({ ...life }))]))
}

async function checkCut(disk: SimulatedDisk, witness: Witness, where: string): Promise<number> {
  let cuts = 0
  for (const bytes of BYTES) {
    for (const names of NAMES) {
      try {
        await goOn(disk.afterPowerCut(bytes, names), 'boot-2', copyOf(witness))
      } catch (error) {
        throw new Error(`${where}, unsynced bytes ${bytes}, unsynced names ${names}`, { cause: error })
      }
      cuts += 1
    }
  }
  return cuts
}

describe('a file store whose power is cut', () => {
  it('at any system call keeps every acknowledged append, whole batches only, and goes on', async () => {
    const { disk: whole } = await runUntil(null)
    expect(whole.log).toContain('syncDataNow')
    let cuts = 0
    for (let call = 1; call <= whole.calls + 1; call++) {
      const { disk, witness } = await runUntil(call)
      cuts += await checkCut(disk, witness, `cut before call ${call} (${whole.log[call - 1]})`)
    }
    count('power cuts', cuts)
  })

  it('a second time, at any system call of the recovery, still does', async () => {
    const { disk: whole } = await runUntil(null)
    let cuts = 0
    for (let call = 7; call <= whole.calls; call += 41) {
      const { disk, witness } = await runUntil(call)
      for (const [bytes, names] of [
        ['lost', 'lost'],
        ['first half', 'some'],
        ['zeros', 'kept'],
      ] as const) {
        const uncut = disk.afterPowerCut(bytes, names)
        await goOn(uncut, 'boot-2', copyOf(witness))
        for (let second = 1; second <= uncut.calls; second += 3) {
          const again = disk.afterPowerCut(bytes, names)
          again.cutAt = second
          const seen = copyOf(witness)
          await goOn(again, 'boot-2', seen).catch((error: unknown) => {
            if (!again.isOff) throw error
          })
          try {
            // A claim can outlive the word that it was let go of, and holds until its lease is over.
            const twice = again.afterPowerCut(names === 'kept' ? 'lost' : 'zeros', 'some')
            await goOn(twice, 'boot-3', seen, LEASE_OVER + 120_000)
          } catch (error) {
            throw new Error(`cut before calls ${call} and ${second}, ${bytes}, ${names}`, { cause: error })
          }
          cuts += 1
        }
      }
    }
    count('power cuts during recovery', cuts)
  })

  it('after any one call failed or took half of its bytes, keeps what was acknowledged before and after', async () => {
    const { disk: whole } = await runUntil(null)
    let failures = 0
    for (let call = 1; call <= whole.calls; call++) {
      const name = whole.log[call - 1] ?? ''
      for (const how of name.startsWith('write') ? (['failsAt', 'shortAt'] as const) : (['failsAt'] as const)) {
        const { disk, witness } = await runUntil(null, (disk) => {
          disk[how] = call
        })
        for (const [bytes, names] of [
          ['lost', 'lost'],
          ['zeros', 'kept'],
          ['kept', 'some'],
        ] as const) {
          try {
            await goOn(disk.afterPowerCut(bytes, names), 'boot-2', copyOf(witness))
          } catch (error) {
            throw new Error(`${how} ${call} (${name}), unsynced bytes ${bytes}, names ${names}`, { cause: error })
          }
        }
        failures += 1
      }
    }
    count('system calls failed', failures)
  })
})
