import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { StoreRepair } from '../../../../src/store/driver.ts'
import { type FileStoreOptions, fileStore } from '../../../../src/store/file/file-store.ts'
import { type FileSystem, nodeFileSystem } from '../../../../src/store/file/file-system.ts'
import { ownProcess } from '../../../../src/store/file/process-identity.ts'
import { encodeClaim } from '../../../../src/store/file/record.ts'
import type { Store } from '../../../../src/store/store.ts'
import { appendTo, requestOf, SAMPLE_START, sampleTexts, textsOf, writeRun } from '../../../helpers/sample-run.ts'
import { temporaryFolder } from '../../../helpers/temporary-folder.ts'
import { type FailingFileSystem, failingFileSystem } from './failing-file-system.ts'

const root = temporaryFolder()
/** When a sample claim ends that nobody lets go of. */
const LEASE_OVER = SAMPLE_START + 60_000
let folders = 0

function newFolder(): string {
  folders += 1
  return join(root, String(folders))
}

const claimNames = (folder: string): string[] =>
  readdirSync(join(folder, 'runs', 'run-run')).filter((name) => name.startsWith('claim-'))

const logOf = (folder: string): string => join(folder, 'runs', 'run-run.log')

async function writeRunAt(store: Store, now: number): Promise<void> {
  const { claim } = await store.claim('run', requestOf('other', now))
  await appendTo(store, claim, 1, 2)
}

describe('fileStore', () => {
  it.each<[string, unknown, unknown]>([
    ['no folder', '', {}],
    ['a folder that is no text', 7, {}],
    ['options that are none', 'x', null],
    ['an unknown option', 'x', { durable: true }],
    ['an unknown durability', 'x', { durability: 'fast' }],
    ['a window without batch', 'x', { batchMs: 5 }],
    ['a negative window', 'x', { durability: 'batch', batchMs: -1 }],
  ])('refuses %s', (_what, dir, options) => {
    expect(() => fileStore(dir as string, options as FileStoreOptions)).toThrow(
      expect.objectContaining({ code: 'STORE_BAD_ARGUMENT' }),
    )
  })

  it('makes its folder on first use and leaves nothing open or temporary', async () => {
    const folder = newFolder()
    const store = fileStore(folder)
    expect(existsSync(folder)).toBe(false)
    await writeRun(store, 'run', 1)
    await store.saveCheckpoint('run', { seq: 1, at: 1, bytes: Uint8Array.of(1) })
    await store.close()
    expect(readdirSync(join(folder, 'runs')).sort()).toEqual(['run-run', 'run-run.log'])
    expect(readdirSync(join(folder, 'runs', 'run-run'))).toEqual(['checkpoints'])
    expect(readdirSync(join(folder, 'runs', 'run-run', 'checkpoints'))).toEqual(['1.checkpoint'])
  })

  it('writes one file a run and only ever appends to it', async () => {
    const folder = newFolder()
    const store = fileStore(folder)
    const claim = await writeRun(store, 'run', 1)
    let before = readFileSync(logOf(folder))
    for (let seq = 2; seq <= 6; seq++) {
      await appendTo(store, claim, seq)
      const after = readFileSync(logOf(folder))
      expect(after.subarray(0, before.length).equals(before)).toBe(true)
      before = after
    }
  })

  it('reports a torn tail to the claim, to onRepair and to the logger, and passes over it', async () => {
    const folder = newFolder()
    const store = fileStore(folder)
    await store.release(await writeRun(store, 'run', 2))
    await store.close()
    const offset = readFileSync(logOf(folder)).length + 1
    appendFileSync(logOf(folder), '\n0badc0de 12 half')
    const told: StoreRepair[] = []
    const warned: string[] = []
    const quiet = () => undefined
    const logger = { debug: quiet, info: quiet, error: quiet, warn: (message: string) => void warned.push(message) }
    const again = fileStore(folder, { onRepair: (repair) => void told.push(repair), logger })
    const { claim, repairs } = await again.claim('run', requestOf('next', LEASE_OVER))
    expect(repairs).toEqual([{ runId: 'run', kind: 'torn-tail', offset, sizeBytes: 16 }])
    expect(told).toEqual(repairs)
    expect(warned).toHaveLength(1)
    await appendTo(again, claim, 3)
    expect(await textsOf(again, 'run')).toEqual(sampleTexts('run', 3))
  })

  it('gives who has claimed a run what its log holds, without reading it again unless it has grown', async () => {
    const folder = newFolder()
    const store = fileStore(folder)
    await store.release(await writeRun(store, 'run', 5))
    await store.close()
    let reads = 0
    const fs: FileSystem = {
      ...nodeFileSystem,
      read: (...given) => {
        reads += 1
        return nodeFileSystem.read(...given)
      },
    }
    const again = fileStore(folder, { fs })
    for (const [fromSeq, isRead] of [
      [1, false],
      [4, false],
      [6, true],
    ] as const) {
      const { claim } = await again.claim('run', requestOf('next'))
      reads = 0
      expect((await again.read('run', { fromSeq })).map(({ text }) => text)).toEqual(
        sampleTexts('run', 5).slice(fromSeq - 1),
      )
      expect(reads > 0).toBe(isRead)
      await again.release(claim)
    }
    const { claim } = await again.claim('run', requestOf('next'))
    await appendTo(again, claim, 6)
    expect(await textsOf(again, 'run')).toEqual(sampleTexts('run', 6))
    await again.release(claim)
    expect(await textsOf(again, 'run')).toEqual(sampleTexts('run', 6))
    // What was found by a claim that was let go of is not kept.
    await again.release((await again.claim('run', requestOf('next'))).claim)
    reads = 0
    expect(await textsOf(again, 'run')).toEqual(sampleTexts('run', 6))
    expect(reads).toBeGreaterThan(0)
  })

  it('awaits the sync of what a claim builds upon, whatever its reading came to', async () => {
    const folder = newFolder()
    const store = fileStore(folder)
    await store.release(await writeRun(store, 'run', 2))
    await store.close()
    const { fs, failNext } = failingFileSystem()
    const again = fileStore(folder, { fs })
    await again.open()
    failNext('syncData', 'EIO')
    await expect(again.claim('run', requestOf('next'))).rejects.toMatchObject({ code: 'STORE_IO' })
    const log = readFileSync(logOf(folder))
    log[log.indexOf('"node 2"') + 1] = 0x4e
    writeFileSync(logOf(folder), log)
    failNext('syncData', 'EIO')
    await expect(again.claim('run', requestOf('next'))).rejects.toMatchObject({ code: 'STORE_IO' })
  })

  it('reads what stands before damage in the middle, and refuses the rest and every claim', async () => {
    const folder = newFolder()
    const store = fileStore(folder)
    await store.release(await writeRun(store, 'run', 9))
    await writeRun(store, 'sound', 1)
    await store.close()
    const log = readFileSync(logOf(folder))
    const at = log.indexOf('"node 5"')
    log[at + 1] = 0x4e
    writeFileSync(logOf(folder), log)
    const again = fileStore(folder)
    expect((await again.read('run')).map(({ text }) => text)).toEqual(sampleTexts('run', 4))
    await expect(again.read('run', { fromSeq: 5 })).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
    await expect(again.claim('run', requestOf('next'))).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
    // A claim that found damage holds nobody up.
    await expect(again.claim('run', requestOf('other'))).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
    expect((await again.list()).runs.map(({ runId }) => runId)).toContain('sound')
  })

  it('goes above the epochs of the log when the claim files are lost', async () => {
    const folder = newFolder()
    const store = fileStore(folder)
    let epoch = 0
    for (let seq = 1; seq <= 4; seq++) {
      const { claim } = await store.claim('run', requestOf('writer'))
      await appendTo(store, claim, seq)
      await store.release(claim)
      epoch = claim.epoch
    }
    await store.close()
    for (const name of claimNames(folder)) rmSync(join(folder, 'runs', 'run-run', name))
    const again = fileStore(folder)
    const { claim } = await again.claim('run', requestOf('next', LEASE_OVER))
    expect(claim.epoch).toBeGreaterThan(epoch)
    await appendTo(again, claim, 5)
    expect(await textsOf(again, 'run')).toEqual(sampleTexts('run', 5))
    expect((await again.get('run'))?.seq).toBe(5)
  })

  it('is told at its first append of an owner that took the run over while it was still taking it itself', async () => {
    const folder = newFolder()
    const before = fileStore(folder)
    await before.release(await writeRun(before, 'run', 1))
    const claimed = { epoch: 0 }
    const { write } = nodeFileSystem
    const slow = fileStore(folder, {
      fs: {
        ...nodeFileSystem,
        write(fd, bytes, position) {
          const written = write(fd, bytes, position)
          if (position === null && claimed.epoch === 0) {
            // Another takes the run over between the claim record and the look at the log.
            claimed.epoch = 3
            mkdirSync(join(folder, 'runs', 'run-run'), { recursive: true })
            writeFileSync(join(folder, 'runs', 'run-run', 'claim-3'), '')
            appendFileSync(logOf(folder), encodeClaim('run', 3, 'b'.repeat(16)).bytes)
          }
          return written
        },
      },
    })
    const { claim } = await slow.claim('run', requestOf('slow'))
    await expect(appendTo(slow, claim, 2)).rejects.toMatchObject({ code: 'STORE_FENCED' })
  })

  it('is told at its next append that another process deleted the run, or made it anew', async () => {
    for (const durability of ['sync', 'exit'] as const) {
      const folder = newFolder()
      const [store, other] = [fileStore(folder, { durability }), fileStore(folder, { durability })]
      const claim = await writeRun(store, 'run', 2)
      await other.delete('run')
      if (durability === 'exit') await writeRun(other, 'run', 1)
      await expect(appendTo(store, claim, 3)).rejects.toMatchObject({ code: 'STORE_FENCED' })
    }
  })

  it('refuses a log that was put into the folder of another run', async () => {
    const folder = newFolder()
    const store = fileStore(folder)
    await writeRun(store, 'run', 2)
    await store.close()
    writeFileSync(join(folder, 'runs', 'run-other.log'), readFileSync(logOf(folder)))
    await expect(fileStore(folder).read('other')).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
  })

  it('passes over a checkpoint that is damaged', async () => {
    const folder = newFolder()
    const store = fileStore(folder)
    for (const seq of [1, 2]) await store.saveCheckpoint('run', { seq, at: 1, bytes: Uint8Array.of(seq, seq, seq) })
    const path = join(folder, 'runs', 'run-run', 'checkpoints', '2.checkpoint')
    const bytes = readFileSync(path)
    bytes[bytes.length - 1] = 9
    writeFileSync(path, bytes)
    expect((await store.readCheckpoint('run'))?.seq).toBe(1)
  })

  it('takes over a claim file that its maker left empty once a lease is over', async () => {
    const folder = newFolder()
    const store = fileStore(folder)
    await store.release(await writeRun(store, 'run', 1))
    const epoch = 2
    mkdirSync(join(folder, 'runs', 'run-run'))
    writeFileSync(join(folder, 'runs', 'run-run', `claim-${epoch}`), '')
    await expect(store.claim('run', requestOf('next', Date.now()))).rejects.toMatchObject({ code: 'STORE_HELD' })
    const { claim } = await store.claim('run', requestOf('next', Date.now() + 120_000))
    expect(claim.epoch).toBeGreaterThan(epoch)
  })

  it('holds more runs than it keeps open', async () => {
    const store = fileStore(newFolder(), { durability: 'exit' })
    const claims = []
    for (let index = 0; index < 200; index++) claims.push(await writeRun(store, `run-${index}`, 1))
    await Promise.all(claims.map((claim) => appendTo(store, claim, 2)))
    expect(await store.stats()).toMatchObject({ runs: 200, events: 400 })
    await store.close()
  })
})

describe('the first claim of a run', () => {
  it('is its log: one file made for a whole life, and nothing else', async () => {
    const disk = failingFileSystem()
    const folder = newFolder()
    const store = fileStore(folder, { fs: disk.fs, durability: 'exit' })
    await store.open()
    disk.calls.length = 0
    await store.release(await writeRun(store, 'run', 3))
    // The claim, three appends, the release.
    expect(disk.calls).toEqual(['create', ...Array(5).fill('write')])
    expect(readdirSync(join(folder, 'runs'))).toEqual(['run-run.log'])
    await store.close()
  })

  it('holds until its lease is over, for other stores too, and no longer than until it is let go', async () => {
    const folder = newFolder()
    const [store, other] = [fileStore(folder), fileStore(folder)]
    const claim = await writeRun(store, 'run', 1)
    const held = {
      code: 'STORE_HELD',
      message: expect.stringContaining(`until ${new Date(LEASE_OVER).toISOString()};`),
      details: { owner: 'writer', expiresAt: LEASE_OVER, epoch: 1 },
    }
    await expect(other.claim('run', requestOf('other', LEASE_OVER - 1))).rejects.toMatchObject(held)
    await store.release(claim)
    expect((await other.claim('run', requestOf('other'))).claim.epoch).toBe(2)
    expect((await other.get('run'))?.seq).toBe(1)
  })

  it('gets a file when it is renewed, which holds from then on, and is let go of there', async () => {
    const folder = newFolder()
    const [store, other] = [fileStore(folder), fileStore(folder)]
    const claim = await writeRun(store, 'run', 1)
    const renewed = await store.renew(claim, requestOf('writer', LEASE_OVER - 1))
    expect(renewed.expiresAt).toBe(LEASE_OVER + 59_999)
    expect(claimNames(folder)).toEqual(['claim-1'])
    await expect(other.claim('run', requestOf('other', LEASE_OVER + 1))).rejects.toMatchObject({ code: 'STORE_HELD' })
    await appendTo(store, renewed, 2)
    await store.release(renewed)
    expect((await other.claim('run', requestOf('other'))).claim.epoch).toBe(2)
    expect(await textsOf(other, 'run')).toEqual(sampleTexts('run', 2))
  })

  it('is not renewed, and nothing is written under it, once another took the run over', async () => {
    const folder = newFolder()
    const [store, other, third] = [fileStore(folder), fileStore(folder), fileStore(folder)]
    const claim = await writeRun(store, 'run', 1)
    const { claim: next } = await other.claim('run', requestOf('other', LEASE_OVER))
    for (const attempt of [
      () => store.renew(claim, requestOf('writer', LEASE_OVER)),
      () => appendTo(store, claim, 2),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ code: 'STORE_FENCED' })
    }
    const log = readFileSync(logOf(folder))
    await store.release(claim)
    expect(readFileSync(logOf(folder)).equals(log)).toBe(true)
    await expect(third.claim('run', requestOf('third', LEASE_OVER))).rejects.toMatchObject({ code: 'STORE_HELD' })
    await appendTo(other, next, 2)
    expect(await textsOf(other, 'run')).toEqual(sampleTexts('run', 2))
  })

  it('is lost at the next renewal or append when two others claimed since, and no file tells of it any more', async () => {
    const folder = newFolder()
    const store = fileStore(folder)
    const claim = await writeRun(store, 'run', 1)
    const other = fileStore(folder)
    for (let epoch = 2; epoch <= 4; epoch++) {
      await other.release((await other.claim('run', requestOf('other', LEASE_OVER))).claim)
    }
    expect(claimNames(folder).sort()).toEqual(['claim-3', 'claim-4'])
    await expect(store.renew(claim, requestOf('writer'))).rejects.toMatchObject({ code: 'STORE_FENCED' })
    await expect(appendTo(store, claim, 2)).rejects.toMatchObject({ code: 'STORE_FENCED' })
  })

  it.each([
    ['does not hold when its process is dead', { pid: 2 ** 22 + 1 }, false],
    ['holds until the lease is over when its process can not be looked at', { place: 'another machine' }, true],
  ])('%s', async (_what, identity, holds) => {
    const folder = newFolder()
    mkdirSync(join(folder, 'runs'), { recursive: true })
    const holder = { owner: 'before', expiresAt: LEASE_OVER, ...ownProcess(), ...identity }
    writeFileSync(logOf(folder), encodeClaim('run', 1, 'a'.repeat(16), holder).bytes)
    const store = fileStore(folder)
    const claimed = store.claim('run', requestOf('next', LEASE_OVER - 1)).catch((error: unknown) => error)
    expect(await claimed).toMatchObject(holds ? { code: 'STORE_HELD' } : { claim: { epoch: 2 } })
    if (holds) expect(await store.claim('run', requestOf('next', LEASE_OVER))).toMatchObject({ claim: { epoch: 2 } })
  })

  it('is let go of in a file after a write that failed, since nothing more is written to the log', async () => {
    const disk = failingFileSystem()
    const folder = newFolder()
    const store = fileStore(folder, { fs: disk.fs })
    const claim = await writeRun(store, 'run', 1)
    disk.cutNextWrite(40)
    await expect(appendTo(store, claim, 2)).rejects.toMatchObject({ code: 'STORE_IO' })
    const log = readFileSync(logOf(folder))
    await store.release(claim)
    expect(readFileSync(logOf(folder)).equals(log)).toBe(true)
    expect(await fileStore(folder).claim('run', requestOf('next'))).toMatchObject({ claim: { epoch: 2 } })
  })

  it('meets a claim file that a deletion left behind at its first append, and is above it when claimed again', async () => {
    for (const durability of ['sync', 'exit'] as const) {
      const folder = newFolder()
      mkdirSync(join(folder, 'runs', 'run-run'), { recursive: true })
      writeFileSync(join(folder, 'runs', 'run-run', 'claim-5'), '')
      const store = fileStore(folder, { durability })
      const late = requestOf('writer', Date.now() + 10_000)
      const { claim } = await store.claim('run', late)
      await expect(appendTo(store, claim, 1)).rejects.toMatchObject({ code: 'STORE_FENCED' })
      const { claim: again } = await store.claim('run', late)
      expect(again.epoch).toBe(6)
      const head = (await store.get('run'))?.seq ?? 0
      await appendTo(store, again, head + 1)
    }
  })

  it('is renewed twice at once', async () => {
    const folder = newFolder()
    const store = fileStore(folder)
    const claim = await writeRun(store, 'run', 1)
    const renewals = [LEASE_OVER - 2, LEASE_OVER - 1].map((now) => store.renew(claim, requestOf('writer', now)))
    expect((await Promise.all(renewals)).map(({ expiresAt }) => expiresAt - LEASE_OVER)).toEqual([59_998, 59_999])
    expect(claimNames(folder)).toEqual(['claim-1'])
  })

  it.each<[string, (other: Store) => Promise<unknown>]>([
    ['another takes the run over', (other) => other.claim('run', requestOf('other', LEASE_OVER))],
    ['another deletes the run', (other) => other.delete('run')],
  ])('is not renewed when %s in the middle of it', async (_what, act) => {
    const folder = newFolder()
    const other = fileStore(folder)
    const store = fileStore(folder, {
      fs: {
        ...nodeFileSystem,
        async create(path, mode) {
          if (path.endsWith('claim-1')) await act(other)
          return nodeFileSystem.create(path, mode)
        },
      },
    })
    const claim = await writeRun(store, 'run', 1)
    await expect(store.renew(claim, requestOf('writer', LEASE_OVER))).rejects.toMatchObject({ code: 'STORE_FENCED' })
  })

  it('is no claim of a run that another store deleted, and another still began anew', async () => {
    const folder = newFolder()
    const [store, other, third] = [fileStore(folder), fileStore(folder), fileStore(folder)]
    const claim = await writeRun(store, 'run', 1)
    await other.delete('run')
    const { claim: anew } = await third.claim('run', requestOf('third'))
    expect(anew.epoch).toBe(claim.epoch)
    await expect(store.renew(claim, requestOf('writer'))).rejects.toMatchObject({ code: 'STORE_FENCED' })
    await store.release(claim)
    await appendTo(third, anew, 1)
    await expect(other.claim('run', requestOf('other'))).rejects.toMatchObject({
      code: 'STORE_HELD',
      details: { owner: 'third' },
    })
  })

  it('that its maker left empty, or half written, is held for a second at most', async () => {
    for (const bytes of [new Uint8Array(0), encodeClaim('run', 1, 'a'.repeat(16)).bytes.subarray(0, 30)]) {
      const folder = newFolder()
      mkdirSync(join(folder, 'runs'), { recursive: true })
      writeFileSync(logOf(folder), bytes)
      const store = fileStore(folder)
      expect(await store.get('run')).toBeNull()
      expect((await store.list()).runs).toEqual([])
      await expect(store.claim('run', requestOf('next', Date.now()))).rejects.toMatchObject({ code: 'STORE_HELD' })
      const { claim } = await store.claim('run', requestOf('next', Date.now() + 2_000))
      expect(claim.epoch).toBe(2)
      await appendTo(store, claim, 1, 2)
      expect(await textsOf(store, 'run')).toEqual(sampleTexts('run', 2))
    }
  })

  it('that was taken over while its maker had not written it yet is lost to the maker', async () => {
    const folder = newFolder()
    const other = fileStore(folder)
    let isTaken = false
    const slow = fileStore(folder, {
      fs: {
        ...nodeFileSystem,
        async create(path, mode) {
          const fd = await nodeFileSystem.create(path, mode)
          if (!isTaken) {
            isTaken = true
            await writeRunAt(other, Date.now() + 10_000)
          }
          return fd
        },
      },
    })
    await expect(slow.claim('run', requestOf('slow', Date.now()))).rejects.toMatchObject({ code: 'STORE_HELD' })
    expect(await textsOf(other, 'run')).toEqual(sampleTexts('run', 2))
  })

  it('is no claim of a run of the same id that was deleted before, or is begun after it was', async () => {
    const folder = newFolder()
    const [store, other] = [fileStore(folder), fileStore(folder)]
    const before = await writeRun(store, 'run', 1)
    await store.delete('run')
    const after = await writeRun(store, 'run', 1)
    expect(after.epoch).toBeGreaterThan(before.epoch)
    await expect(appendTo(store, before, 2)).rejects.toMatchObject({ code: 'STORE_FENCED' })
    await other.delete('run')
    const third = fileStore(folder)
    const anew = await writeRun(third, 'run', 1)
    await expect(store.renew(after, requestOf('writer'))).rejects.toMatchObject({ code: 'STORE_FENCED' })
    await expect(appendTo(store, after, 2)).rejects.toMatchObject({ code: 'STORE_FENCED' })
    expect(anew.epoch).toBe(1)
    expect(readdirSync(join(folder, 'runs'))).toEqual(['run-run.log'])
    await other.delete('run')
    await fileStore(folder).claim('run', requestOf('other'))
    await expect(third.renew(anew, requestOf('writer'))).rejects.toMatchObject({ code: 'STORE_FENCED' })
    expect(readdirSync(join(folder, 'runs'))).toEqual(['run-run.log'])
  })
})

describe('fileStore on a disk that fails', () => {
  it('takes a write of several appends whose beginning was lost as torn, though its end is whole', async () => {
    const folder = newFolder()
    const store = fileStore(folder)
    const claim = await writeRun(store, 'run', 2)
    const from = readFileSync(logOf(folder)).length
    await Promise.all([appendTo(store, claim, 3), appendTo(store, claim, 4)])
    await store.close()
    const log = readFileSync(logOf(folder))
    writeFileSync(logOf(folder), log.fill(0, from, log.indexOf(0x0a, from + 1)))
    const again = fileStore(folder)
    expect(await textsOf(again, 'run')).toEqual(sampleTexts('run', 2))
    expect((await again.get('run'))?.seq).toBe(2)
    const { claim: next, repairs } = await again.claim('run', requestOf('writer'))
    expect(repairs).toMatchObject([{ kind: 'torn-tail', offset: from }])
    await appendTo(again, next, 3)
    expect(await textsOf(again, 'run')).toEqual(sampleTexts('run', 3))
    await again.close()
  })

  it.each([
    ['sync', 1],
    ['exit', 0],
  ] as const)(
    'asks the disk for what another left in the log before it builds on it, in %s mode',
    async (durability, syncs) => {
      const disk = failingFileSystem()
      const folder = newFolder()
      const exit = fileStore(folder, { durability: 'exit' })
      await exit.release(await writeRun(exit, 'run', 2))
      const store = fileStore(folder, { fs: disk.fs, durability })
      await store.open()
      disk.calls.length = 0
      await store.claim('run', requestOf('writer'))
      expect(disk.calls.filter((call) => call === 'syncData')).toHaveLength(syncs)
    },
  )

  it('asks the disk for the log and its name before it acknowledges the first append, then for the log alone', async () => {
    const disk = failingFileSystem()
    const store = fileStore(newFolder(), { fs: disk.fs })
    const { claim } = await store.claim('run', requestOf('writer'))
    disk.calls.length = 0
    await appendTo(store, claim, 1)
    expect(disk.calls.filter((call) => call.startsWith('sync')).sort()).toEqual(['syncData', 'syncFolder'])
    disk.calls.length = 0
    await appendTo(store, claim, 2)
    expect(disk.calls).toEqual(['write', 'syncData'])
  })

  it('lets go of a run by a claim file when its log takes no more, or only a part', async () => {
    for (const fails of [
      (disk: FailingFileSystem) => disk.failNext('write', 'ENOSPC'),
      (disk: FailingFileSystem) => disk.cutNextWrite(9),
    ]) {
      const disk = failingFileSystem()
      const folder = newFolder()
      const store = fileStore(folder, { fs: disk.fs })
      const claim = await writeRun(store, 'run', 1)
      fails(disk)
      await store.release(claim)
      expect(claimNames(folder)).toEqual(['claim-1'])
      expect((await fileStore(folder).claim('run', requestOf('other'))).claim.epoch).toBe(2)
    }
  })

  it('deletes a run that another store is deleting, too', async () => {
    const folder = newFolder()
    await writeRun(fileStore(folder), 'run', 1)
    const other = fileStore(folder)
    const raced = fileStore(folder, {
      fs: {
        ...nodeFileSystem,
        rename: (from, to) => {
          rmSync(from)
          nodeFileSystem.rename(from, to)
        },
      },
    })
    await raced.delete('run')
    expect(await other.get('run')).toBeNull()
  })

  it('lets appends of one run that come together share a sync', async () => {
    const disk = failingFileSystem()
    const store = fileStore(newFolder(), { fs: disk.fs })
    const claim = await writeRun(store, 'run', 1)
    disk.calls.length = 0
    await Promise.all(Array.from({ length: 20 }, (_, index) => appendTo(store, claim, index + 2)))
    expect(disk.calls).toEqual(['write', 'syncData'])
  })

  it.each([['syncData'], ['syncFolder'], ['write']] as const)(
    'says STORE_IO when %s fails, writes nothing more, and goes on after the next claim',
    async (method) => {
      const disk = failingFileSystem()
      const store = fileStore(newFolder(), { fs: disk.fs })
      const { claim } = await store.claim('run', requestOf('writer'))
      disk.failNext(method, 'EIO')
      const failure = { code: 'STORE_IO', details: { runId: 'run', systemCode: 'EIO' } }
      await expect(appendTo(store, claim, 1)).rejects.toMatchObject(failure)
      await expect(appendTo(store, claim, 1)).rejects.toMatchObject(failure)
      await expect(appendTo(store, claim, 2)).rejects.toMatchObject(failure)

      const again = await store.claim('run', requestOf('writer'))
      const head = (await store.get('run'))?.seq ?? 0
      expect(head).toBe(method === 'write' ? 0 : 1)
      await appendTo(store, again.claim, head + 1, head + 2)
      expect(await textsOf(store, 'run')).toEqual(sampleTexts('run', head + 2))
      await store.close()
    },
  )

  it('takes a write that stopped half way as a torn tail', async () => {
    const disk = failingFileSystem()
    const folder = newFolder()
    const store = fileStore(folder, { fs: disk.fs })
    const claim = await writeRun(store, 'run', 2)
    disk.cutNextWrite(40)
    await expect(appendTo(store, claim, 3)).rejects.toMatchObject({ code: 'STORE_IO' })
    const again = await store.claim('run', requestOf('writer'))
    expect(again.repairs).toMatchObject([{ kind: 'torn-tail', sizeBytes: 39 }])
    await appendTo(store, again.claim, 3)
    expect(await textsOf(store, 'run')).toEqual(sampleTexts('run', 3))
  })

  it('leaves no claim behind when the log can not be opened', async () => {
    const disk = failingFileSystem()
    const store = fileStore(newFolder(), { fs: disk.fs })
    disk.failNext('syncFolder', 'EIO')
    await expect(store.claim('run', requestOf('writer'))).rejects.toMatchObject({ code: 'STORE_IO' })
    await store.open()
    for (let claim = 1; claim <= 2; claim++) {
      disk.failNext('write', 'ENOSPC')
      await expect(store.claim('run', requestOf('writer', Date.now() + 10_000))).rejects.toMatchObject({
        code: 'STORE_IO',
        details: { systemCode: 'ENOSPC' },
      })
      await store.release((await store.claim('run', requestOf('other', Date.now() + 10_000))).claim)
    }
  })

  it('keeps the checkpoint before when a new one can not be written', async () => {
    const disk = failingFileSystem()
    const store = fileStore(newFolder(), { fs: disk.fs })
    await store.saveCheckpoint('run', { seq: 1, at: 1, bytes: Uint8Array.of(1) })
    for (const method of ['writeLarge', 'syncData', 'rename'] as const) {
      disk.failNext(method, 'ENOSPC')
      const saved = store.saveCheckpoint('run', { seq: 1, at: 2, bytes: Uint8Array.of(2) })
      await expect(saved).rejects.toMatchObject({ code: 'STORE_IO' })
      expect((await store.readCheckpoint('run'))?.bytes).toEqual(Uint8Array.of(1))
    }
  })
})
