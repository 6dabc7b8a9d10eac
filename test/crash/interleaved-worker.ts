import fs from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { isWaystoneError } from '../../src/base/errors.ts'
import type { Claim } from '../../src/store/driver.ts'
import { FileDriver } from '../../src/store/file/file-driver.ts'
import { type FileSystem, nodeFileSystem } from '../../src/store/file/file-system.ts'
import { ownProcess } from '../../src/store/file/process-identity.ts'
import { createStore } from '../../src/store/store.ts'
import { appendTo } from '../helpers/sample-run.ts'
import {
  type ActorShared,
  type ActorTask,
  type Call,
  infoInTheirTime,
  LEASE_MS,
  RUN_ID,
  Turnstile,
} from './interleaved-actors.ts'

// Makes the calls of one actor, and waits before each system call until it is let through.
const { shared, actor } = workerData as { readonly shared: ActorShared; readonly actor: number }
const turnstile = new Turnstile(shared)

class Killed extends Error {}

/** The real file system, asked for leave before each call; after a kill it does nothing any more. */
class GatedFileSystem {
  readonly #open = new Set<number>()
  #isDead = false
  isGated = false

  get isDead(): boolean {
    return this.#isDead
  }

  readonly fs: FileSystem = {
    open: (path, mode) => this.#do(() => this.#kept(nodeFileSystem.open(path, mode))),
    create: async (path, mode) => this.#do(() => this.#kept(fs.openSync(path, flagsOf(mode), 0o644))),
    close: (fd) => {
      if (this.#open.delete(fd)) fs.closeSync(fd)
    },
    read: async (fd, buffer, position) =>
      this.#do(() => fs.readSync(fd, buffer, 0, Math.min(buffer.length, fs.fstatSync(fd).size), position)),
    write: (fd, bytes, position) => this.#do(() => nodeFileSystem.write(fd, bytes, position)),
    writeLarge: async (fd, bytes) => this.#do(() => nodeFileSystem.write(fd, bytes, null)),
    syncData: async () => this.#check(),
    syncDataNow: () => this.#check(),
    syncFolder: async () => this.#check(),
    info: (fd) => this.#do(() => nodeFileSystem.info(fd)),
    exists: (path) => this.#do(() => fs.existsSync(path)),
    infoOf: (path) => this.#do(() => infoInTheirTime(path)),
    makeFolder: async (path) => this.#do(() => fs.mkdirSync(path, { recursive: true }) !== undefined),
    names: (path) => this.#do(() => nodeFileSystem.names(path)),
    rename: (from, to) => this.#do(() => fs.renameSync(from, to)),
    remove: (path) => this.#do(() => fs.rmSync(path, { force: true })),
    removeFolder: async (path) => this.#do(() => fs.rmSync(path, { recursive: true, force: true })),
  }

  end(): void {
    for (const fd of this.#open) fs.closeSync(fd)
    this.#open.clear()
  }

  #do<T>(call: () => T): T {
    this.#check()
    if (this.isGated && !turnstile.pass(actor)) this.#isDead = true
    this.#check()
    return call()
  }

  #check(): void {
    if (this.#isDead) throw new Killed('the process is gone')
  }

  #kept(fd: number): number {
    this.#open.add(fd)
    return fd
  }
}

function flagsOf(mode: Parameters<FileSystem['create']>[1]): string {
  return mode === 'append' ? 'a' : mode === 'replace' ? 'w' : mode === 'exclusive' ? 'wx' : 'ax'
}

async function play({ folder, owner, place, acts }: ActorTask): Promise<readonly Call[]> {
  const gated = new GatedFileSystem()
  const driver = new FileDriver({
    ...{ folder, durability: 'sync', batchMs: 0, fileSystem: gated.fs, journalBytes: 1_000_000 },
    ...{ self: { ...ownProcess(), place }, onRepair: null, logger: null },
  })
  const store = createStore(driver)
  await store.open()
  gated.isGated = true
  const calls: Call[] = []
  let claim: Claim | null = null
  let head = 0
  for (const [place, { what, now }] of acts.entries()) {
    if (what !== 'claim' && what !== 'delete' && claim === null) continue
    const note = `${owner} ${actor} ${place}`
    const begin = turnstile.time
    const epoch: number | null = claim?.epoch ?? null
    let code = 'ok'
    try {
      if (what === 'claim') {
        claim = null
        claim = (await store.claim(RUN_ID, { owner, leaseMs: LEASE_MS, now })).claim
        head = (await store.get(RUN_ID))?.seq ?? 0
      } else if (what === 'append') {
        await appendTo(store, claim!, head + 1, head + 1, { note })
        head += 1
      } else if (what === 'renew') claim = await store.renew(claim!, { owner, leaseMs: LEASE_MS, now })
      else if (what === 'release') {
        await store.release(claim!)
        claim = null
      } else await store.delete(RUN_ID)
    } catch (error) {
      code = isWaystoneError(error) ? error.code : String(error)
      if (what === 'append' || what === 'renew') claim = null
    }
    if (gated.isDead) code = 'killed'
    const ofEpoch = what === 'claim' ? ((claim as Claim | null)?.epoch ?? null) : epoch
    calls.push({ what, now, code, epoch: ofEpoch, seq: head, note, begin, end: turnstile.time })
    if (gated.isDead) break
  }
  gated.isGated = false
  gated.end()
  return calls
}

parentPort!.postMessage('ready')
for (;;) {
  const task = turnstile.awaitTask(actor)
  let calls: readonly Call[]
  try {
    calls = await play(task)
  } catch (error) {
    calls = [
      { what: 'claim', now: 0, code: `broke: ${String(error)}`, epoch: null, seq: 0, note: '', begin: 0, end: 0 },
    ]
  }
  turnstile.answer(actor, calls)
}
