import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { isWaystoneError } from '../../src/base/errors.ts'
import { fileStore } from '../../src/store/file/file-store.ts'
import { nodeFileSystem } from '../../src/store/file/file-system.ts'
import { runs } from '../helpers/property.ts'
import { appendTo, sampleEvent } from '../helpers/sample-run.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'
import {
  type Act,
  type ActorTask,
  type Call,
  EARLY,
  infoInTheirTime,
  LATE,
  LEASE_MS,
  RUN_ID,
  startActors,
  Turnstile,
} from './interleaved-actors.ts'

const ACTORS = 3
const root = temporaryFolder()
const turnstile = Turnstile.of(ACTORS)
const threads = await startActors(turnstile)
afterAll(async () => {
  await Promise.all(threads.map((thread) => thread.terminate()))
})

type Random = (below: number) => number

/** A generator of whole numbers; the same seed gives the same ones. */
function randomOf(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

function tasksOf(random: Random, folder: string): readonly ActorTask[] {
  const deletes = random(4) === 0
  const isLate = random(2) === 0
  return Array.from({ length: 2 + random(ACTORS - 1) }, (_, actor) => {
    const acts: Act[] = []
    let now = EARLY
    for (let round = random(2); round >= 0; round--) {
      if (isLate && random(2) === 0) now = LATE
      if (deletes && random(4) === 0) acts.push({ what: 'delete', now })
      acts.push({ what: 'claim', now })
      for (let more = random(4); more > 0; more--) acts.push({ what: random(3) === 0 ? 'renew' : 'append', now })
      if (random(3) > 0) acts.push({ what: 'release', now })
      if (deletes && random(4) === 0) acts.push({ what: 'delete', now })
    }
    return { folder, owner: `owner ${actor}`, place: `host boot namespace-${actor}`, acts }
  })
}

/** Plays tasks in an order drawn by lot; one actor may be killed at a call of its own. */
function play(random: Random, tasks: readonly ActorTask[]): readonly (readonly Call[])[] {
  let parked = tasks.flatMap((task, actor) => (turnstile.begin(actor, task) ? [actor] : []))
  const stay = [1, 2, 8, 20][random(4)]!
  const killAt = random(3) === 0 ? random(60) : null
  let current = parked[0]!
  for (let call = 0; parked.length > 0; call++) {
    if (!parked.includes(current) || random(stay) === 0) current = parked[random(parked.length)]!
    const isParked = turnstile.let(current, call === killAt)
    if (!isParked) parked = parked.filter((actor) => actor !== current)
  }
  return tasks.map((_, actor) => turnstile.callsOf(actor))
}

function textOf({ seq, note }: Call): string {
  return sampleEvent(RUN_ID, seq, note).text
}

function told({ note, what, now, code, epoch, seq, begin, end }: Call): string {
  return `${note}: ${what} ${now === LATE ? 'late' : 'early'} ${begin}-${end} ${code} epoch ${epoch} head ${seq}`
}

function ownerOf({ note }: Call): string {
  return note.slice(0, 'owner 0'.length)
}

async function check(folder: string, actors: readonly (readonly Call[])[]): Promise<void> {
  const all = actors.flat()
  const ok = all.filter(({ code }) => code === 'ok')
  for (const { code } of all) expect(['ok', 'killed', 'STORE_HELD', 'STORE_FENCED', 'STORE_CONFLICT']).toContain(code)
  const claims = ok.filter(({ what }) => what === 'claim').sort((a, b) => a.epoch! - b.epoch!)
  const deletions = all.filter(({ what }) => what === 'delete')
  const store = fileStore(folder, { durability: 'exit', fs: { ...nodeFileSystem, infoOf: infoInTheirTime } })
  const texts: string[] = []
  for await (const { text } of store.events(RUN_ID)) texts.push(text)

  const lastDeletion = Math.max(-1, ...deletions.map(({ end }) => end))
  for (const actor of actors) {
    let claimed = -1
    for (const call of actor) {
      if (call.what === 'claim') claimed = call.begin
      if (call.what === 'append' && call.code === 'ok' && claimed > lastDeletion) {
        expect(texts[call.seq - 1], `the acknowledged append ${call.note}`).toBe(textOf(call))
      }
    }
  }
  if (deletions.length === 0) {
    expect(new Set(claims.map(({ epoch }) => epoch)).size, 'epochs').toBe(claims.length)
    for (const [place, claim] of claims.entries()) {
      for (const { what, epoch, begin } of ok) {
        if (what === 'append' || what === 'renew') {
          expect(epoch! < claim.epoch! && begin >= claim.end, 'an overtaken owner goes on').toBe(false)
        }
      }
      const before = claims[place - 1]
      // An owner may claim again what it holds.
      if (before === undefined || claim.now === LATE || ownerOf(before) === ownerOf(claim)) continue
      const released = all.find(({ what, epoch }) => what === 'release' && epoch === before.epoch)
      expect(released !== undefined && released.begin < claim.end, 'two owners at once').toBe(true)
    }
    if (all.every(({ code }) => code !== 'killed')) expect(claims.length, 'nobody wins').toBeGreaterThan(0)
  }

  // Nobody is locked out for ever.
  const { claim } = await store.claim(RUN_ID, { owner: 'last', leaseMs: LEASE_MS, now: LATE + 10 * LEASE_MS })
  for (const { epoch, begin, what } of claims) {
    if (what === 'claim' && begin > lastDeletion) expect(claim.epoch).toBeGreaterThan(epoch!)
  }
  let head = texts.length
  try {
    await appendTo(store, claim, head + 1)
  } catch (error) {
    // A claim that raced with a deletion can leave a claim file and no log. Whoever begins the run next learns of it when
    // its first append is refused, which is kept all the same: the claim that comes then begins behind it.
    if (deletions.length === 0 || !isWaystoneError(error, 'STORE_FENCED')) throw error
    const again = await store.claim(RUN_ID, { owner: 'last', leaseMs: LEASE_MS, now: LATE + 10 * LEASE_MS })
    head = (await store.get(RUN_ID))?.seq ?? 0
    await appendTo(store, again.claim, head + 1)
  }
  const after: string[] = []
  for await (const { text } of store.events(RUN_ID)) after.push(text)
  expect(after).toHaveLength(head + 1)
  await store.close()
}

it('stores that take turns at every system call keep one owner at a time, and lose nothing acknowledged', async () => {
  for (let actor = 0; actor < ACTORS; actor++) turnstile.await(actor)
  const { seed, numRuns } = runs('file store calls interleaved', 2000)
  const only = process.env['ONLY']
  for (let round = only === undefined ? 0 : Number(only); round < numRuns!; round++) {
    const random = randomOf(seed! + round * 7919)
    const folder = join(root, String(round))
    const tasks = tasksOf(random, folder)
    const actors = play(random, tasks)
    try {
      await check(folder, actors)
    } catch (error) {
      throw new Error(`round ${round} of seed ${seed}: \n${actors.flat().map(told).join('\n')}`, { cause: error })
    }
    if (only !== undefined) break
  }
})
