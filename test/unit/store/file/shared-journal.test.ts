import { appendFileSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Claim } from '../../../../src/store/driver.ts'
import { FileDriver } from '../../../../src/store/file/file-driver.ts'
import type { FileSystem } from '../../../../src/store/file/file-system.ts'
import { nodeFileSystem } from '../../../../src/store/file/file-system.ts'
import { readJournal } from '../../../../src/store/file/journal-file.ts'
import { ownProcess, type ProcessIdentity } from '../../../../src/store/file/process-identity.ts'
import { createStore, type Store } from '../../../../src/store/store.ts'
import { appendTo, requestOf, SAMPLE_START, sampleTexts, textsOf, writeRun } from '../../../helpers/sample-run.ts'
import { temporaryFolder } from '../../../helpers/temporary-folder.ts'
import { failingFileSystem } from './failing-file-system.ts'

const root = temporaryFolder()
let folders = 0

interface Options {
  readonly folder?: string
  readonly fs?: FileSystem
  readonly durability?: 'sync' | 'batch' | 'exit'
  readonly journalBytes?: number
  readonly self?: ProcessIdentity
}

function open(options: Options = {}): { readonly store: Store; readonly folder: string } {
  folders += 1
  const { folder = join(root, String(folders)), fs = nodeFileSystem, durability = 'sync' } = options
  const { journalBytes = 1_000_000, self = ownProcess() } = options
  const parts = { folder, durability, batchMs: 1, fileSystem: fs, journalBytes, self, onRepair: null, logger: null }
  return { store: createStore(new FileDriver(parts)), folder }
}

const journalsIn = (folder: string): string[] =>
  existsSync(join(folder, 'journal')) ? readdirSync(join(folder, 'journal')) : []
const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `run-${index}`)
/** Claims runs, and appends to all of them at once, one event after the other. */
async function writeTogether(store: Store, ids: readonly string[], to: number): Promise<Claim[]> {
  const claims = await Promise.all(ids.map(async (id) => (await store.claim(id, requestOf('writer'))).claim))
  for (let seq = 1; seq <= to; seq++) await Promise.all(claims.map((claim) => appendTo(store, claim, seq)))
  return claims
}
const anotherBoot = { ...ownProcess(), place: 'host another-boot namespace' }

describe('appends of many runs that are ready together', () => {
  it.each(['sync', 'batch'] as const)('share one sync in %s mode, and so do runs that begin', async (durability) => {
    const disk = failingFileSystem()
    const { store, folder } = open({ fs: disk.fs, durability })
    const claims = await Promise.all(names(20).map(async (id) => (await store.claim(id, requestOf('w'))).claim))
    await Promise.all(claims.map((claim) => appendTo(store, claim, 1)))
    disk.calls.length = 0
    await Promise.all(claims.map((claim) => appendTo(store, claim, 2)))
    expect(disk.calls.filter((call) => call.startsWith('sync'))).toEqual(['syncData'])
    expect(journalsIn(folder)).toHaveLength(1)
    const began = await Promise.all(['x', 'y'].map(async (id) => (await store.claim(id, requestOf('w'))).claim))
    disk.calls.length = 0
    await Promise.all(began.map((claim) => appendTo(store, claim, 1)))
    expect(disk.calls.filter((call) => call.startsWith('sync'))).toEqual(['syncData'])
    await store.close()
    expect(journalsIn(folder)).toEqual([])
  })

  it('come to share one sync for all, though half of the runs began while the disk was busy with the others', async () => {
    const disk = failingFileSystem()
    const fs = disk.fs as { syncData: FileSystem['syncData'] }
    const { store } = open({ fs: disk.fs })
    const claims = await writeTogether(store, names(10), 1)
    let syncs = 0
    let begin: () => void = () => undefined
    const isUnderWay = new Promise<void>((resolve) => {
      begin = resolve
    })
    fs.syncData = async () => {
      syncs += 1
      begin()
      await new Promise((resolve) => setImmediate(resolve))
    }
    const goOn = async (claim: Claim) => {
      for (let seq = 2; seq <= 21; seq++) await appendTo(store, claim, seq)
    }
    const first = claims.slice(0, 5).map(goOn)
    await isUnderWay
    await Promise.all([...first, ...claims.slice(5).map(goOn)])
    expect(syncs).toBeLessThanOrEqual(22)
    await store.close()
  })

  it('are in the journal byte for byte as in their logs', async () => {
    const { store, folder } = open()
    const claims = await writeTogether(store, names(3), 2)
    await Promise.all(claims.map((claim) => appendTo(store, claim, 3, 5)))
    const [journal] = journalsIn(folder)
    const content = await readJournal(nodeFileSystem, join(folder, 'journal', journal!))
    expect(content?.owner).toEqual(ownProcess())
    expect(new Set(content?.entries.map(({ name }) => name)).size).toBe(3)
    for (const { name, offset, bytes } of content!.entries) {
      const log = readFileSync(join(folder, 'runs', `${name}.log`))
      expect(log.subarray(offset, offset + bytes.length).equals(bytes)).toBe(true)
    }
    await store.close()
  })

  it('stay out of the journal when somebody else writes to the log in the same instant', async () => {
    const disk = failingFileSystem()
    const { store, folder } = open({ fs: disk.fs })
    const claims = await writeTogether(store, names(3), 2)
    const fs = disk.fs as { write: FileSystem['write'] }
    const { write } = disk.fs
    fs.write = (fd, bytes, position) => {
      const written = write(fd, bytes, position)
      if (position === null) for (const id of names(3)) appendFileSync(join(folder, 'runs', `run-${id}.log`), '\nstale')
      return written
    }
    await Promise.all(claims.map((claim) => appendTo(store, claim, 3)))
    fs.write = write
    await Promise.all(claims.map((claim) => appendTo(store, claim, 4)))
    const [journal] = journalsIn(folder)
    const content = await readJournal(nodeFileSystem, join(folder, 'journal', journal!))
    for (const { name, offset, bytes } of content!.entries) {
      const log = readFileSync(join(folder, 'runs', `${name}.log`))
      expect(log.subarray(offset, offset + bytes.length).equals(bytes)).toBe(true)
    }
    await store.close()
    for (const id of names(3)) expect(await textsOf(open({ folder }).store, id)).toEqual(sampleTexts(id, 4))
  })

  it('need no journal and no sync in exit mode', async () => {
    const disk = failingFileSystem()
    const { store, folder } = open({ fs: disk.fs, durability: 'exit' })
    await store.open()
    disk.calls.length = 0
    await writeTogether(store, names(10), 3)
    expect(disk.calls.filter((call) => call.startsWith('sync'))).toEqual([])
    expect(journalsIn(folder)).toEqual([])
    await store.close()
  })

  it('go through one journal file after the other, and leave none', async () => {
    const { store, folder } = open({ journalBytes: 1_000 })
    const seen = new Set<string>()
    const claims = await writeTogether(store, names(3), 1)
    for (let seq = 2; seq <= 12; seq++) {
      await Promise.all(claims.map((claim) => appendTo(store, claim, seq)))
      for (const name of journalsIn(folder)) seen.add(name)
    }
    expect(seen.size).toBeGreaterThan(3)
    await store.close()
    expect(journalsIn(folder)).toEqual([])
  })
})

describe('in a group, a run that was lost meanwhile', () => {
  it.each([
    ['taken over', (other: Store) => other.claim('run-0', requestOf('other', SAMPLE_START + 60_000))],
    ['deleted', (other: Store) => other.delete('run-0')],
  ] as const)(
    'because it was %s, is refused and left out of the journal; the others are acknowledged',
    async (_how, lose) => {
      const { store, folder } = open()
      const claims = await writeTogether(store, names(3), 2)
      const other = open({ folder }).store
      await lose(other)
      const results = await Promise.allSettled(claims.map((claim) => appendTo(store, claim, 3)))
      expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
      expect(results[0]).toMatchObject({ reason: { code: 'STORE_FENCED' } })
      const journal = journalsIn(folder).find((name) => name.startsWith('journal-'))
      const content = await readJournal(nodeFileSystem, join(folder, 'journal', journal!))
      expect(content?.entries.filter(({ name }) => name === 'run-run-0')).toHaveLength(2)
      expect(content?.entries.filter(({ name }) => name === 'run-run-1')).toHaveLength(3)
      await other.close()
      await store.close()
    },
  )
})

describe('a lone append', () => {
  it('syncs its log, and begins no journal before there were several', async () => {
    const disk = failingFileSystem()
    const { store, folder } = open({ fs: disk.fs })
    const claim = await writeRun(store, 'run', 4)
    expect(journalsIn(folder)).toEqual([])
    for (let seq = 5; seq <= 20; seq++) await appendTo(store, claim, seq)
    expect(journalsIn(folder)).toHaveLength(1)
    disk.calls.length = 0
    await appendTo(store, claim, 21)
    expect(disk.calls.map((call) => call.replace('Now', ''))).toEqual(['write', 'write', 'syncData'])
    await store.close()
  })

  it('waits on the spot for a disk that was quick many times, until it is slow once, and only while it is alone', async () => {
    const disk = failingFileSystem()
    let isSlow = false
    let ms = 0
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => ms)
    onTestFinished(() => clock.mockRestore())
    const syncs: string[] = []
    const fs = disk.fs as { syncData: FileSystem['syncData']; syncDataNow: FileSystem['syncDataNow'] }
    const sync = (how: string) => {
      syncs.push(how)
      if (isSlow) ms += 1.5
    }
    fs.syncData = async () => sync('elsewhere')
    fs.syncDataNow = () => sync('on the spot')
    const { store } = open({ fs: disk.fs })
    const claim = await writeRun(store, 'run', 8)
    let seq = 8
    const append = async (times: number) => {
      syncs.length = 0
      for (let time = 0; time < times; time++) await appendTo(store, claim, ++seq)
      return [...syncs]
    }
    // The log's own syncs, and the first of the journal.
    await append(40)
    expect(await append(1)).toEqual(['on the spot'])
    isSlow = true
    expect(await append(3)).toEqual(['on the spot', 'elsewhere', 'elsewhere'])
    isSlow = false
    await append(40)
    expect(await append(1)).toEqual(['on the spot'])
    const other = await writeRun(store, 'other', 1)
    expect(await append(2)).toEqual(['elsewhere', 'elsewhere'])
    await store.release(other)
    expect(await append(1)).toEqual(['on the spot'])
    await store.close()
  })

  it('is never waited for on the spot in batch mode, which is in no hurry', async () => {
    const disk = failingFileSystem()
    const clock = vi.spyOn(performance, 'now').mockReturnValue(0)
    onTestFinished(() => clock.mockRestore())
    const { store } = open({ fs: disk.fs, durability: 'batch' })
    await writeRun(store, 'run', 40)
    expect(disk.calls).not.toContain('syncDataNow')
    await store.close()
  })

  it('lets timers and other tasks of the host go between one and the next, however quick the disk is', async () => {
    const disk = failingFileSystem()
    const fs = disk.fs as { syncData: FileSystem['syncData']; syncDataNow: FileSystem['syncDataNow'] }
    fs.syncData = async () => undefined
    fs.syncDataNow = () => undefined
    const { store } = open({ fs: disk.fs })
    const claim = await writeRun(store, 'run', 40)
    let turns = 0
    let isOver = false
    const turn = () => {
      turns += 1
      if (!isOver) setImmediate(turn)
    }
    setImmediate(turn)
    for (let seq = 41; seq <= 60; seq++) await appendTo(store, claim, seq)
    isOver = true
    expect(turns).toBeGreaterThanOrEqual(20)
    await store.close()
  })

  it('that a disk fails on the spot says STORE_IO as any other', async () => {
    const disk = failingFileSystem()
    const fs = disk.fs as { syncData: FileSystem['syncData'] }
    fs.syncData = async () => undefined
    const clock = vi.spyOn(performance, 'now').mockReturnValue(0)
    onTestFinished(() => clock.mockRestore())
    const { store } = open({ fs: disk.fs })
    const claim = await writeRun(store, 'run', 40)
    disk.failNext('syncDataNow', 'EIO')
    await expect(appendTo(store, claim, 41)).rejects.toMatchObject({ code: 'STORE_IO' })
    const again = await store.claim('run', requestOf('writer'))
    const head = (await store.get('run'))!.seq
    await appendTo(store, again.claim, head + 1)
    expect(await textsOf(store, 'run')).toEqual(sampleTexts('run', head + 1))
    await store.close()
  })

  it('that is large is not written twice', async () => {
    const { store, folder } = open()
    const claims = await writeTogether(store, names(2), 1)
    await appendTo(store, claims[0]!, 2, 2, { note: 'x'.repeat(20_000) })
    await Promise.all(claims.map((claim, at) => appendTo(store, claim, 3 - at, 3 - at, { note: 'x'.repeat(200_000) })))
    const [journal] = journalsIn(folder)
    const content = await readJournal(nodeFileSystem, join(folder, 'journal', journal!))
    expect(content?.entries.every(({ bytes }) => bytes.length < 10_000)).toBe(true)
    await store.close()
  })
})

describe('when the journal fails', () => {
  const grouped = (store: Store) => writeTogether(store, names(3), 2)

  it('each log has a sync of its own instead, as long as none can be made', async () => {
    const disk = failingFileSystem()
    const { store, folder } = open({ fs: disk.fs })
    const fs = disk.fs as { create: FileSystem['create'] }
    const { create } = disk.fs
    fs.create = async (path, mode) => {
      if (path.includes('journal')) throw Object.assign(new Error('EMFILE: too many'), { code: 'EMFILE' })
      return create(path, mode)
    }
    await grouped(store)
    fs.create = create
    expect(journalsIn(folder)).toEqual([])
    for (const id of names(3)) expect(await textsOf(store, id)).toEqual(sampleTexts(id, 2))
    await store.close()
  })

  it('for want of room, its file is given up and the logs are synced', async () => {
    const disk = failingFileSystem()
    const { store, folder } = open({ fs: disk.fs })
    const fs = disk.fs as { write: FileSystem['write'] }
    const { write } = disk.fs
    fs.write = (fd, bytes, position) => {
      if (position !== null && position > 0) throw Object.assign(new Error('ENOSPC: full'), { code: 'ENOSPC' })
      return write(fd, bytes, position)
    }
    await grouped(store)
    fs.write = write
    await store.close()
    expect(journalsIn(folder)).toEqual([])
    const again = open({ folder }).store
    for (const id of names(3)) expect(await textsOf(again, id)).toEqual(sampleTexts(id, 2))
  })

  it('in its sync, every run of the group says STORE_IO, and goes on after the next claim', async () => {
    const disk = failingFileSystem()
    const { store, folder } = open({ fs: disk.fs })
    const claims = await grouped(store)
    const [before] = journalsIn(folder)
    disk.failNext('syncData', 'EIO')
    const results = await Promise.allSettled(claims.map((claim) => appendTo(store, claim, 3)))
    for (const result of results) expect(result).toMatchObject({ reason: { code: 'STORE_IO' } })
    for (const id of names(3)) {
      const { claim } = await store.claim(id, requestOf('writer'))
      const head = (await store.get(id))?.seq ?? 0
      await appendTo(store, claim, head + 1)
      expect(await textsOf(store, id)).toEqual(sampleTexts(id, head + 1))
    }
    expect(journalsIn(folder)).not.toContain(before)
    await store.close()
  })

  it('because somebody took it away, the logs are synced and another is begun', async () => {
    const disk = failingFileSystem()
    const { store, folder } = open({ fs: disk.fs })
    const claims = await grouped(store)
    for (const name of journalsIn(folder)) rmSync(join(folder, 'journal', name))
    disk.calls.length = 0
    await Promise.all(claims.map((claim) => appendTo(store, claim, 3)))
    expect(disk.calls.filter((call) => call === 'syncData')).toHaveLength(4)
    await Promise.all(claims.map((claim) => appendTo(store, claim, 4)))
    expect(journalsIn(folder)).toHaveLength(1)
    await store.close()
  })
})

describe('a journal that is left behind', () => {
  /** Three runs of two events in a journal of another boot, whose logs were never synced. */
  async function leave(): Promise<string> {
    const { store, folder } = open({ self: anotherBoot })
    await writeTogether(store, names(3), 2)
    return folder
  }

  it('brings back logs that are gone, before anything is read', async () => {
    const folder = await leave()
    for (const id of names(3)) rmSync(join(folder, 'runs', `run-${id}.log`))
    const { store } = open({ folder })
    expect((await store.list()).runs.map(({ runId }) => runId)).toEqual(names(3))
    for (const id of names(3)) expect(await textsOf(store, id)).toEqual(sampleTexts(id, 2))
    expect(journalsIn(folder)).toEqual([])
    await store.close()
  })

  const boot = ownProcess().place.split(' ')[1] ?? ''
  it.skipIf(boot === '').each([
    ['of a process that lives is left alone, however old', ownProcess(), true, true],
    ['of a process that is dead is replayed', { ...ownProcess(), pid: 2 ** 22 + 1 }, false, false],
    ['of another container is left alone', { ...ownProcess(), place: `host ${boot} other` }, false, true],
    ['of another container is replayed after an hour', { ...ownProcess(), place: `host ${boot} other` }, true, false],
  ])('%s (needs a system that names its boot)', async (_what, self, isOld, stays) => {
    const { store, folder } = open({ self })
    await writeTogether(store, names(3), 2)
    const [journal] = journalsIn(folder)
    const hoursAgo = Date.now() / 1000 - 3_700
    if (isOld) utimesSync(join(folder, 'journal', journal!), hoursAgo, hoursAgo)
    const other = open({ folder }).store
    await other.open()
    expect(journalsIn(folder)).toEqual(stays ? [journal] : [])
    await other.close()
    await store.close()
  })

  it('brings back no run that was deleted, not even when only its tombstone tells', async () => {
    const folder = await leave()
    const { store } = open({ folder, self: { ...anotherBoot, pid: process.ppid } })
    // The other process lives as far as this one can see, so its journal stays.
    renameSync(join(folder, 'journal'), join(folder, 'aside'))
    await store.open()
    rmSync(join(folder, 'journal'), { recursive: true, force: true })
    renameSync(join(folder, 'aside'), join(folder, 'journal'))
    await store.delete('run-0')
    await store.delete('run-1')
    await writeRun(store, 'run-1', 1)
    // A journal of its own that comes and goes, with the look for tombstones that are over.
    await writeTogether(store, ['run-3', 'run-4'], 2)
    await store.close()
    rmSync(join(folder, 'runs', 'run-run-1.log'))
    const after = open({ folder }).store
    expect((await after.list()).runs.map(({ runId }) => runId)).toEqual(['run-2', 'run-3', 'run-4'])
    expect(journalsIn(folder)).toEqual([])
    await after.close()
  })
})
