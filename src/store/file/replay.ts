import path from 'node:path'
import type { Logger } from '../../base/ports.ts'
import { type FileSystem, isMissing, isTaken } from './file-system.ts'
import { isJournalName, type JournalEntry, readJournal } from './journal-file.ts'
import { logIdIn } from './log-reader.ts'
import { isFromThisBoot, isKnownAlive, isKnownDead, type ProcessIdentity } from './process-identity.ts'
import { logName } from './run-name.ts'
import { Tombstones } from './tombstones.ts'

/** Where journals and runs are. */
export interface ReplayPlace {
  readonly fileSystem: FileSystem
  readonly runsFolder: string
  readonly journalFolder: string
  /** This process. */
  readonly self: ProcessIdentity
  readonly logger: Logger | null
}

/** What journals hold of one log. */
interface LeftLog {
  readonly name: string
  readonly logId: string
  readonly entries: JournalEntry[]
  /** Path of a journal to make it anew from: one that holds it from its beginning; null when it can not be lost. */
  begunIn: string | null
}

/** A journal of this boot whose writer can not be looked up, as in another container, is left alone that long. */
const ABANDONED_MS = 3_600_000
const RETIRED = '.retired'
const LOGS_AT_ONCE = 8

/**
 * Replays the journals that processes which are gone left behind, and removes them. Until that is done a log can end
 * before what was acknowledged, so nobody reads or claims before.
 *
 * A journal entry says which bytes stand where in which log. A log is only appended to, so writing them there again
 * changes nothing that is sound, however often and by however many processes at once it is done: no lock is needed.
 */
export async function replayJournals(place: ReplayPlace): Promise<void> {
  const { fileSystem, journalFolder, logger } = place
  const names = fileSystem.names(journalFolder)
  if (names.length === 0) return
  const left: string[] = []
  for (const name of names) {
    if (!isJournalName(name)) continue
    const journal = path.join(journalFolder, name)
    if (name.endsWith(RETIRED)) left.push(journal)
    else if (await isLeft(place, journal)) left.push(retire(fileSystem, journal))
  }
  if (left.length > 0) {
    const logs = await replay(place, left, LOGS_AT_ONCE)
    logger?.info('journals that were left behind were replayed', { journals: left.length, logs })
  }
  await new Tombstones(fileSystem, journalFolder).sweep()
}

/**
 * Writes what journals say into the logs, syncs these, and removes the journals. Logs that were deleted stay deleted.
 * All at once, since the beginning of a log can be in one journal and what follows in another.
 * Written even where nothing was lost: a sync that failed, in whatever process, leaves bytes in the page cache that the
 * system takes for written, and only a new write makes the next sync tell the truth about them.
 * @param journals - paths of journal files that nobody writes any more
 * @param logsAtOnce - how many logs are synced at once
 * @returns how many logs were written
 */
export async function replay(place: ReplayPlace, journals: readonly string[], logsAtOnce: number): Promise<number> {
  const { fileSystem, runsFolder, self } = place
  const logs = new Map<string, LeftLog>()
  for (const journal of journals) {
    const content = await readJournal(fileSystem, journal)
    if (content === null || content.owner === null) continue
    // Without a loss of power every log is there: one that is missing was deleted, and be it by hand.
    const mayBegin = !isFromThisBoot(content.owner, self)
    for (const entry of content.entries) {
      const key = `${entry.name} ${entry.logId}`
      let log = logs.get(key)
      if (log === undefined) {
        log = { name: entry.name, logId: entry.logId, entries: [], begunIn: null }
        logs.set(key, log)
      }
      log.entries.push(entry)
      if (entry.offset === 0 && mayBegin) log.begunIn = journal
    }
  }
  const left = [...logs.values()]
  const failures: unknown[] = []
  let written = 0
  const worker = async () => {
    for (let log = left.pop(); log !== undefined && failures.length === 0; log = left.pop()) {
      try {
        if (await replayLog(place, log)) written += 1
      } catch (error) {
        failures.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: logsAtOnce }, worker))
  if (failures.length > 0) throw failures[0]
  if (written > 0) await fileSystem.syncFolder(runsFolder)
  for (const journal of journals) fileSystem.remove(journal)
  return written
}

/** Gives a journal a name its writer does not know, so that it stops relying on it. */
function retire(fileSystem: FileSystem, journal: string): string {
  try {
    fileSystem.rename(journal, journal + RETIRED)
  } catch (error) {
    // Another process was faster; what it retired is replayed here too, since it may not be done yet.
    if (!isMissing(error)) throw error
  }
  return journal + RETIRED
}

/** Whether a journal has to be replayed: whoever wrote it is gone, or may be. */
async function isLeft({ fileSystem, self }: ReplayPlace, journal: string): Promise<boolean> {
  const content = await readJournal(fileSystem, journal)
  if (content === null) return false
  const { owner } = content
  if (owner !== null && isKnownAlive(owner, self)) return false
  if (owner === null || isKnownDead(owner, self) || !isFromThisBoot(owner, self)) return true
  // While the system did not stop since, the logs have all of it: it only has to be on disk some time.
  const info = fileSystem.infoOf(journal)
  return info !== null && Date.now() >= info.modifiedAt + ABANDONED_MS
}

/** Replays the entries of one log; false when they belong to none any more. */
async function replayLog(
  { fileSystem, runsFolder, journalFolder }: ReplayPlace,
  { name, logId, entries, begunIn }: LeftLog,
): Promise<boolean> {
  const tombstones = new Tombstones(fileSystem, journalFolder)
  const mayBegin = () => begunIn !== null && !tombstones.has(logId) && fileSystem.exists(begunIn)
  const fd = await openLog(fileSystem, path.join(runsFolder, logName(name)), mayBegin)
  if (fd === null) return false
  try {
    const found = await logIdIn(fileSystem, fd)
    // A beginning that can not be read was never synced, so the journal that holds it is about this very log.
    if (found !== logId && !(found === null && mayBegin())) return false
    for (const { offset, bytes } of joined(entries)) {
      const written = fileSystem.write(fd, bytes, offset)
      if (written !== bytes.length) throw new Error(`the file system took ${written} of ${bytes.length} bytes`)
    }
    await fileSystem.syncData(fd)
  } finally {
    fileSystem.close(fd)
  }
  return true
}

/** Opens a log, and makes it when it is not there and may be made; null when there is none to write to. */
async function openLog(fileSystem: FileSystem, log: string, mayBegin: () => boolean): Promise<number | null> {
  for (;;) {
    try {
      return fileSystem.open(log, 'update')
    } catch (error) {
      if (!isMissing(error)) throw error
    }
    if (!mayBegin()) return null
    try {
      fileSystem.close(await fileSystem.create(log, 'exclusive'))
    } catch (error) {
      if (isTaken(error)) continue
      throw error
    }
    // Another process may have been through with this journal meanwhile, and the run deleted after that.
    if (!mayBegin()) {
      fileSystem.remove(log)
      return null
    }
  }
}

/** Entries of one log with those that follow on each other put together. */
function joined(entries: readonly JournalEntry[]): { readonly offset: number; readonly bytes: Uint8Array }[] {
  const stretches: { offset: number; end: number; parts: Uint8Array[] }[] = []
  for (const { offset, bytes } of entries) {
    const last = stretches.at(-1)
    if (last?.end === offset) {
      last.parts.push(bytes)
      last.end += bytes.length
    } else stretches.push({ offset, end: offset + bytes.length, parts: [bytes] })
  }
  return stretches.map(({ offset, parts }) => ({ offset, bytes: Buffer.concat(parts) }))
}
