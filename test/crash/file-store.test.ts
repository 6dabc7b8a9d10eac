import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isWaystoneError } from '../../src/base/errors.ts'
import type { StoreRepair } from '../../src/store/driver.ts'
import { fileStore } from '../../src/store/file/file-store.ts'
import type { Store } from '../../src/store/store.ts'
import { count } from '../helpers/count.ts'
import { seed } from '../helpers/property.ts'
import { appendTo, requestOf, sampleTexts, textsOf } from '../helpers/sample-run.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'
import { startChild } from './child.ts'

const RUN = 'run'
/** Long after every claim and every file was made. */
const LEASE_OVER = Date.now() + 3_600_000
const root = temporaryFolder()
let folders = 0

interface Sample {
  readonly log: Buffer
  /** Byte after each batch, and the head there; the first is the empty run. */
  readonly ends: readonly { readonly offset: number; readonly seq: number }[]
}

/** A log of several batches under three claims, the last of which appended nothing behind its last batch. */
async function sample(): Promise<Sample> {
  const { store, path } = open()
  const ends = [{ offset: 0, seq: 0 }]
  let seq = 0
  for (const sizes of [[1, 3], [2, 1, 1], [4]]) {
    const { claim } = await store.claim(RUN, requestOf('writer'))
    for (const size of sizes) {
      await appendTo(store, claim, seq + 1, seq + size)
      seq += size
      ends.push({ offset: readFileSync(path).length, seq })
    }
    await store.release(claim)
  }
  await store.close()
  return { log: readFileSync(path), ends }
}

function open(log?: Uint8Array): { readonly store: Store; readonly path: string; reopened(): Store } {
  folders += 1
  const folder = join(root, String(folders))
  const path = join(folder, 'runs', `run-${RUN}.log`)
  if (log !== undefined) {
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, log)
  }
  return { store: fileStore(folder, { durability: 'exit' }), path, reopened: () => fileStore(folder) }
}

/** Every event that can be read, and the code of the failure that ended it. */
async function readable(store: Store): Promise<{ readonly texts: string[]; readonly code: string | null }> {
  const texts: string[] = []
  try {
    for await (const { text } of store.events(RUN, { pageLimit: 3 })) texts.push(text)
    return { texts, code: null }
  } catch (error) {
    if (!isWaystoneError(error)) throw error
    return { texts, code: error.code }
  }
}

describe('the log of a file store, cut off', () => {
  it('at every byte: keeps each whole batch, reports the torn tail, and goes on', async () => {
    const { log, ends } = await sample()
    for (let cut = 0; cut <= log.length; cut++) {
      const { store, reopened } = open(log.subarray(0, cut))
      const kept = ends.findLast(({ offset }) => offset <= cut)?.seq ?? 0
      expect(await readable(store)).toEqual({ texts: sampleTexts(RUN, kept), code: null })
      expect((await store.get(RUN))?.seq ?? 0).toBe(kept)

      const { claim, repairs } = await store.claim(RUN, requestOf('next', LEASE_OVER))
      const lineStart = log.lastIndexOf(0x0a, cut - 1) + 1
      const isWhole = cut === 0 || cut === lineStart || cut === log.length || log[cut] === 0x0a
      const torn: StoreRepair = { runId: RUN, kind: 'torn-tail', offset: lineStart, sizeBytes: cut - lineStart }
      expect(repairs).toEqual(isWhole ? [] : [torn])

      await appendTo(store, claim, kept + 1, kept + 2)
      await store.release(claim)
      await store.close()
      const again = reopened()
      expect(await textsOf(again, RUN)).toEqual(sampleTexts(RUN, kept + 2))
      expect((await again.claim(RUN, requestOf('last', LEASE_OVER))).repairs).toEqual([])
      await again.close()
    }
    count('file store logs cut', log.length + 1)
  })
})

describe('the log of a file store with one changed byte', () => {
  it('never gives another event, and says STORE_DAMAGED unless the change is in what was written last', async () => {
    console.log(`seed ${seed} (FC_SEED=${seed} runs it again)`)
    const { log, ends } = await sample()
    const whole = sampleTexts(RUN, ends.at(-1)?.seq ?? 0)
    const lastBatch = log.lastIndexOf(0x0a)
    const random = randomFrom(seed)
    let damagedCount = 0
    for (let round = 0; round < 1000; round++) {
      const at = Math.floor(random() * log.length)
      const changed = Buffer.from(log)
      changed[at] = (changed[at] ?? 0) ^ (1 + Math.floor(random() * 255))
      const { store } = open(changed)
      const { texts, code } = await readable(store)
      const where = `byte ${at} changed to ${changed[at]}`
      expect(texts, where).toEqual(whole.slice(0, texts.length))

      const claimed = await store.claim(RUN, requestOf('next', LEASE_OVER)).catch((error: unknown) => error)
      if (code !== null) {
        damagedCount += 1
        expect(code, where).toBe('STORE_DAMAGED')
        expect(claimed, where).toMatchObject({ code: 'STORE_DAMAGED', details: { offset: expect.any(Number) } })
        // The summary stands in the last record, which may be good; a list is not ended by one damaged run.
        const summary = await store.get(RUN).catch((error: unknown) => error)
        expect(summary, where).toMatchObject(
          isWaystoneError(summary) ? { code: 'STORE_DAMAGED' } : { seq: whole.length },
        )
        expect((await store.list()).cursor).toBeNull()
      } else if (texts.length < whole.length) {
        expect(at, where).toBeGreaterThanOrEqual(lastBatch)
        expect(claimed, where).toMatchObject({ repairs: [{ kind: 'torn-tail' }] })
      } else expect(claimed, where).toHaveProperty('claim')
      await store.close()
    }
    expect(damagedCount).toBeGreaterThan(300)
    count('file store bytes flipped', 1000)
  })
})

describe('a process that appends to a file store and is killed', () => {
  it('leaves every append it said was done, and the next process takes over at once', async () => {
    const folder = join(root, 'killed')
    const random = randomFrom(seed)
    let head = 0
    for (let round = 0; round < 10; round++) {
      const child = startChild('appending-process.ts', [folder, RUN])
      expect(await child.nextLine()).toBe(`claimed ${head}`)
      let acknowledged = head
      const wanted = 1 + Math.floor(random() * 25)
      for (let lines = 0; lines < wanted; lines++) acknowledged = Number(await child.nextLine())
      await child.kill()
      for (let line = await child.nextLine(); line !== null; line = await child.nextLine()) acknowledged = Number(line)

      const store = fileStore(folder)
      const { claim } = await store.claim(RUN, requestOf('checker'))
      const seqs: number[] = []
      for await (const { seq, text } of store.events(RUN)) {
        seqs.push(seq)
        expect(JSON.parse(text)).toMatchObject({ seq, runId: RUN })
      }
      head = seqs.length
      expect(seqs).toEqual(Array.from({ length: head }, (_, index) => index + 1))
      expect(head).toBeGreaterThanOrEqual(acknowledged)
      await store.release(claim)
      await store.close()
    }
    count('file store processes killed', 10)
  })
})

describe.each(['sync', 'batch', 'exit'] as const)(
  'a process that appends to many runs in %s mode and is killed',
  (mode) => {
    it('leaves every append it said was done, in all of them, and no journal once another opens the folder', async () => {
      const folder = join(root, `killed-${mode}`)
      const random = randomFrom(seed)
      const runs = 20
      const heads = new Map<string, number>()
      for (let round = 0; round < 5; round++) {
        const child = startChild('many-runs-process.ts', [folder, mode, String(runs)])
        const wanted = runs + Math.floor(random() * 200)
        const take = (line: string | null) => {
          const [runId = '', head = '0'] = (line ?? '').split(' ')
          if (runId !== '') heads.set(runId, Number(head))
        }
        for (let lines = 0; lines < wanted; lines++) take(await child.nextLine())
        await child.kill()
        for (let line = await child.nextLine(); line !== null; line = await child.nextLine()) take(line)

        const store = fileStore(folder)
        for (const [runId, acknowledged] of heads) {
          const texts = await textsOf(store, runId)
          expect(texts).toEqual(sampleTexts(runId, texts.length))
          expect(texts.length).toBeGreaterThanOrEqual(acknowledged)
          heads.set(runId, texts.length)
          const { claim } = await store.claim(runId, requestOf('checker'))
          await store.release(claim)
        }
        await store.close()
        const journals = existsSync(join(folder, 'journal')) ? readdirSync(join(folder, 'journal')) : []
        expect(journals).toEqual([])
      }
      expect(heads.size).toBe(runs)
      count(`file store processes killed, ${mode}`, 5)
    })
  },
)

describe('two processes that claim one run of a file store at once', () => {
  it('are told that one of them won, each time', async () => {
    const folder = join(root, 'claimed')
    const children = [0, 1].map(() => startChild('claiming-process.ts', [folder]))
    for (const child of children) expect(await child.nextLine()).toBe('ready')
    for (let round = 0; round < 100; round++) {
      for (const child of children) child.send(`run-${round} ${Date.now() + 5}`)
      const answers = await Promise.all(children.map((child) => child.nextLine()))
      expect(answers.sort()).toEqual(['STORE_HELD', 'won 1'])
    }
    await Promise.all(children.map((child) => child.kill()))
    count('file store claims raced', 100)
  })
})

/** Numbers from 0 to below 1, the same for the same seed: xorshift32. */
function randomFrom(start: number): () => number {
  let state = start | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 0x100000000
  }
}
