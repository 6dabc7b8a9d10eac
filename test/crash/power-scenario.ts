import type { Claim, StoredEvent } from '../../src/store/driver.ts'
import { FileDriver } from '../../src/store/file/file-driver.ts'
import type { FileSystem } from '../../src/store/file/file-system.ts'
import { ownProcess } from '../../src/store/file/process-identity.ts'
import { createStore, type Store } from '../../src/store/store.ts'
import { appendTo, requestOf, SAMPLE_START, sampleBatch } from '../helpers/sample-run.ts'

/** Small, so that a short scenario goes through several journal files. */
const JOURNAL_BYTES = 2_500

/** A store of a folder `/data` on a simulated disk, in the process of a boot. */
export function storeOn(fs: FileSystem, boot: string, durability: 'sync' | 'batch' | 'exit' = 'sync'): Store {
  return createStore(
    new FileDriver({
      ...{ folder: '/data', durability, batchMs: 0, fileSystem: fs, journalBytes: JOURNAL_BYTES },
      self: { ...ownProcess(), place: `host ${boot} namespace` },
      ...{ onRepair: null, logger: null },
    }),
  )
}

/** What is known of one life of a run id: a new one begins when it is deleted. */
export interface Life {
  readonly note: string
  /** The texts that were handed in, in sequence, and how many of them were acknowledged. */
  texts: string[]
  acknowledged: number
  deleted: 'no' | 'tried' | 'done'
}

/** What a scenario did until the power went: the lives of each run id, the oldest first. */
export type Witness = Map<string, Life[]>

/** The life a run id is in. */
export function lifeOf(witness: Witness, runId: string): Life {
  return witness.get(runId)!.at(-1)!
}

/**
 * Goes on with several runs in two stores at once: creations, groups, lone appends, one too large for the journal,
 * rotation, a deletion, a run made anew, a checkpoint, a claim by the other store, closing.
 */
export async function powerScenario(fs: FileSystem, witness: Witness): Promise<void> {
  const one = new Actor(storeOn(fs, 'boot-1'), witness)
  await Promise.all(['a', 'b', 'c'].map((runId) => one.begin(runId)))
  await Promise.all([one.append('a', 2), one.append('b'), one.append('c')])
  await one.append('c')
  await Promise.all([one.append('a'), one.append('a'), one.append('c')])
  await Promise.all([one.append('a', 1, 'x'.repeat(140_000)), one.append('b'), one.append('c')])
  await Promise.all([one.append('a'), one.append('b')])
  await one.delete('b')
  await one.begin('b')
  await Promise.all([one.append('b', 2), one.append('a')])
  await one.tried(one.store.saveCheckpoint('a', { seq: 2, at: SAMPLE_START, bytes: Uint8Array.of(1, 2, 3) }))
  await one.release('c')

  const two = new Actor(storeOn(fs, 'boot-1'), witness)
  await Promise.all([two.take('c'), two.begin('d')])
  await Promise.all([two.append('c'), two.append('d'), one.append('a'), one.append('b')])
  await two.delete('d')
  await Promise.all([one.tried(one.store.close()), two.append('c')])
  // Alone for so long that it waits for the disk on the spot.
  for (let time = 0; time < 15; time++) await two.append('c')
  await two.tried(two.store.close())
}

/** One store's part in a scenario; a call that fails ends only what hangs on it. */
export class Actor {
  readonly store: Store
  readonly #witness: Witness
  readonly #claims = new Map<string, Claim>()
  readonly #heads = new Map<string, number>()
  readonly #now: number

  /** @param now - when it claims, epoch ms */
  constructor(store: Store, witness: Witness, now: number = SAMPLE_START) {
    this.store = store
    this.#witness = witness
    this.#now = now
  }

  /** Claims a run that is not there and appends its first event. */
  async begin(runId: string): Promise<void> {
    const lives = this.#witness.get(runId) ?? []
    // An earlier deletion that failed leaves the run as it is.
    if (lives.at(-1)?.deleted === 'tried') return
    this.#witness.set(runId, lives)
    lives.push({ note: `life ${lives.length}`, texts: [], acknowledged: 0, deleted: 'no' })
    this.#heads.set(runId, 0)
    await this.#claim(runId)
    await this.append(runId)
  }

  /** Claims a run another store let go, and goes on where it ends. */
  async take(runId: string): Promise<void> {
    await this.#claim(runId)
    await this.tried(this.store.get(runId).then((summary) => this.#heads.set(runId, summary?.seq ?? 0)))
  }

  async append(runId: string, count = 1, padding = ''): Promise<void> {
    const claim = this.#claims.get(runId)
    const head = this.#heads.get(runId)
    if (claim === undefined || head === undefined) return
    const life = lifeOf(this.#witness, runId)
    const to = head + count
    this.#heads.set(runId, to)
    const note = `${life.note} ${padding}`
    life.texts = [...life.texts.slice(0, head), ...sampleBatch(runId, head + 1, to, { note }).events.map(textOf)]
    try {
      await appendTo(this.store, claim, head + 1, to, { note })
      life.acknowledged = Math.max(life.acknowledged, to)
    } catch {
      // The claim is not trusted any more; a writer that goes on claims again.
      this.#claims.delete(runId)
      this.#heads.delete(runId)
      await this.take(runId)
    }
  }

  async delete(runId: string): Promise<void> {
    const life = lifeOf(this.#witness, runId)
    life.deleted = 'tried'
    this.#claims.delete(runId)
    await this.tried(
      this.store.delete(runId).then(() => {
        life.deleted = 'done'
      }),
    )
  }

  async release(runId: string): Promise<void> {
    const claim = this.#claims.get(runId)
    this.#claims.delete(runId)
    if (claim !== undefined) await this.tried(this.store.release(claim))
  }

  /** Waits for a call, whether it works or not. */
  async tried(call: Promise<unknown>): Promise<void> {
    await call.catch(() => undefined)
  }

  async #claim(runId: string): Promise<void> {
    await this.tried(
      this.store.claim(runId, requestOf('writer', this.#now)).then(({ claim }) => this.#claims.set(runId, claim)),
    )
  }
}

function textOf({ text }: StoredEvent): string {
  return text
}
