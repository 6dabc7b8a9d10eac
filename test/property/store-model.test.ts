import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isWaystoneError } from '../../src/base/errors.ts'
import type { Claim } from '../../src/store/driver.ts'
import { fileStore } from '../../src/store/file/file-store.ts'
import { memoryStore } from '../../src/store/memory/memory-driver.ts'
import type { Store } from '../../src/store/store.ts'
import { runs } from '../helpers/property.ts'
import { appendTo, requestOf, SAMPLE_START } from '../helpers/sample-run.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'

const root = temporaryFolder()
let folders = 0

/** A store with the claims that were won in it, in order; the two stores agree on what the nth is. */
interface Subject {
  readonly store: Store
  readonly claims: Claim[]
}

type Step = (subject: Subject) => Promise<unknown>

const runId = fc.constantFrom('a', 'B', '../c', 'x'.repeat(300))
const owner = fc.constantFrom('one', 'two')
const time = fc.integer({ min: 0, max: 200_000 })
const seq = fc.integer({ min: 1, max: 12 })

/** One of the claims won so far; none yet is no step. */
const withClaim = (pick: number, use: (store: Store, claim: Claim) => Promise<unknown>): Step => {
  return async ({ store, claims }) => {
    const claim = claims[claims.length - 1 - Math.min(pick, claims.length - 1)]
    return claim === undefined ? null : use(store, claim)
  }
}
const pick = fc.nat({ max: 3 })

const step: fc.Arbitrary<readonly [string, Step]> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.tuple(runId, owner, time).map(([id, who, at]) => {
      const run: Step = async ({ store, claims }) => {
        const { claim, repairs } = await store.claim(id, requestOf(who, SAMPLE_START + at))
        claims.push(claim)
        return { owner: claim.owner, expiresAt: claim.expiresAt, repairs }
      }
      return [`claim ${id} ${who} ${at}`, run] as const
    }),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(pick, fc.nat({ max: 2 })).map(([which, more]) => {
      const run = withClaim(which, async (store, claim) => {
        const head = (await store.get(claim.runId))?.seq ?? 0
        return appendTo(store, claim, head + 1, head + 1 + more)
      })
      return [`append ${which} +${more}`, run] as const
    }),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(pick, seq)
      .map(
        ([which, from]) =>
          [`append ${which} at ${from}`, withClaim(which, (store, claim) => appendTo(store, claim, from))] as const,
      ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(pick, time).map(
      ([which, at]) =>
        [
          `renew ${which} ${at}`,
          withClaim(which, async (store, claim) => {
            const { expiresAt } = await store.renew(claim, requestOf(claim.owner, SAMPLE_START + at))
            return expiresAt
          }),
        ] as const,
    ),
  },
  {
    weight: 1,
    arbitrary: pick.map(
      (which) => [`release ${which}`, withClaim(which, (store, claim) => store.release(claim))] as const,
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(runId, seq, seq)
      .map(
        ([id, fromSeq, limit]) =>
          [`read ${id} ${fromSeq} ${limit}`, ({ store }: Subject) => store.read(id, { fromSeq, limit })] as const,
      ),
  },
  { weight: 1, arbitrary: runId.map((id) => [`get ${id}`, ({ store }: Subject) => store.get(id)] as const) },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: 1, max: 3 })
      .map((limit) => [`list ${limit}`, ({ store }: Subject) => store.list({ limit })] as const),
  },
  { weight: 1, arbitrary: runId.map((id) => [`delete ${id}`, ({ store }: Subject) => store.delete(id)] as const) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(runId, seq)
      .map(
        ([id, at]) =>
          [
            `save checkpoint ${id} ${at}`,
            ({ store }: Subject) => store.saveCheckpoint(id, { seq: at, at, bytes: Uint8Array.of(at) }),
          ] as const,
      ),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(runId, seq)
      .map(
        ([id, at]) => [`read checkpoint ${id} ${at}`, ({ store }: Subject) => store.readCheckpoint(id, at)] as const,
      ),
  },
)

async function outcome(run: Step, subject: Subject): Promise<unknown> {
  try {
    return { value: await run(subject) }
  } catch (error) {
    if (!isWaystoneError(error)) throw error
    return { code: error.code }
  }
}

describe('a file store', () => {
  it('answers every sequence of calls as the memory store does, and still after it was opened again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        folders += 1
        const folder = join(root, String(folders))
        const file: Subject = { store: fileStore(folder, { durability: 'exit' }), claims: [] }
        const memory: Subject = { store: memoryStore(), claims: [] }
        for (const [name, run] of steps) expect(await outcome(run, file), name).toEqual(await outcome(run, memory))
        await file.store.close()
        const again = fileStore(folder)
        expect(await again.list()).toEqual(await memory.store.list())
        for (const { runId: id } of (await again.list()).runs) {
          expect(await again.read(id)).toEqual(await memory.store.read(id))
          expect(await again.listCheckpoints(id)).toEqual(await memory.store.listCheckpoints(id))
        }
        await again.close()
      }),
      runs('file store answers as memory store', 1000),
    )
  })
})
