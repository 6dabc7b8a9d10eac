import { randomBytes } from 'node:crypto'
import type { ClaimRequest, StoreRepair } from '../driver.ts'
import type { ClaimFiles } from './claim-files.ts'
import { type FileSystem, isTaken } from './file-system.ts'
import { EMPTY_SCAN, type LogReader } from './log-reader.ts'
import { LogWriter, type WriterSurroundings } from './log-writer.ts'
import { encodeClaim } from './record.ts'

const NOTHING = new Uint8Array(0)

/** What taking a run needs. */
export interface RunTaking {
  readonly runId: string
  /** Name of the run; see `runName`. */
  readonly name: string
  readonly request: ClaimRequest
  readonly logPath: string
  readonly claims: ClaimFiles
  readonly reader: LogReader
  readonly around: WriterSurroundings
  /** From which byte the log is in doubt after a failed write or sync of this process; null: it is not. */
  readonly suspectFrom: number | null
  /** The new epoch is higher than this. */
  readonly above: number
}

/**
 * Claims a run and reads its log: first the claim file, then the `claim` record, then the log (why in this order:
 * {@link LogChain}). Whoever makes the log of a run nobody knows anything of needs no claim file: the log is the claim.
 * A claim whose log can not be read is let go again.
 * @throws {StoreError} STORE_HELD · STORE_DAMAGED
 */
export async function takeRun(
  taking: RunTaking,
): Promise<{ readonly writer: LogWriter; readonly repairs: readonly StoreRepair[] }> {
  const { runId, name, request, logPath, claims, reader, around, suspectFrom } = taking
  const { fileSystem } = around
  let { above } = taking
  for (;;) {
    let fd = await beginLog(fileSystem, logPath)
    const isBegun = fd !== null
    const first = isBegun && above === 0 ? claims.begin(request) : null
    let claim = first?.claim ?? null
    try {
      claim ??= await claims.take(request, above, isBegun)
      if (claim === null) {
        if (fd !== null) fileSystem.close(fd)
        continue
      }
      fd ??= await fileSystem.create(logPath, 'append')
      const { epoch } = claim
      const newLogId = randomBytes(8).toString('hex')
      const { bytes } = encodeClaim(runId, epoch, newLogId, first?.holder)
      const written = fileSystem.write(fd, bytes, null)
      if (written !== bytes.length) throw new Error(`the file system took ${written} of ${bytes.length} bytes`)
      if (suspectFrom !== null) await writeAgain(fileSystem, logPath, suspectFrom)
      const { sizeBytes, inode } = fileSystem.info(fd)
      const isNew = sizeBytes === bytes.length
      // What is read below is built upon, so it has to be on disk even if its writer died before its sync.
      const scan = isNew
        ? EMPTY_SCAN
        : await synced(around.isSynced ? fileSystem.syncData(fd) : null, () => reader.scan(logPath, runId, epoch))
      if (scan.usedEpoch !== null) {
        // Claim files were lost with the power while the log was not: go above what the log has seen.
        above = scan.usedEpoch
        fileSystem.close(fd)
        continue
      }
      const ofLog = isNew ? { logId: newLogId, unsynced: bytes } : { logId: scan.logId, unsynced: NOTHING }
      const log = { name, path: logPath, inode, fd, sizeBytes, ...ofLog }
      const writer = new LogWriter(claim, scan, log, claims, around)
      const repairs: readonly StoreRepair[] =
        scan.badStretch === null ? [] : [{ runId, kind: 'torn-tail', ...scan.badStretch }]
      return { writer, repairs }
    } catch (error) {
      if (fd !== null) fileSystem.close(fd)
      try {
        if (claim !== null) await claims.release(claim)
      } catch {
        // The first failure is the one to hear of; the claim ends with its lease, or with this process.
      }
      throw error
    }
  }
}

/** Makes a log; null when it is there. */
async function beginLog(fileSystem: FileSystem, logPath: string): Promise<number | null> {
  try {
    // Without a look first: one for a new name waits in this thread for all who make names beside it.
    return await fileSystem.create(logPath, 'begin')
  } catch (error) {
    if (isTaken(error)) return null
    throw error
  }
}

/** Does something while a sync is under way; both are awaited to their end, and a failed sync is told first. */
async function synced<T>(sync: Promise<void> | null, work: () => Promise<T>): Promise<T> {
  const [syncing, working] = await Promise.allSettled([sync, work()])
  if (syncing.status === 'rejected') throw syncing.reason
  if (working.status === 'rejected') throw working.reason
  return working.value
}

/**
 * Writes bytes of a log over themselves. After a failed sync the system may keep bytes in memory that it will never
 * write, and show them to readers; written again they count as changed, and the next sync tells the truth about them.
 * Bytes of an append-only file never change, so this harms nobody who writes at the same time.
 */
async function writeAgain(fileSystem: FileSystem, logPath: string, from: number): Promise<void> {
  const fd = fileSystem.open(logPath, 'update')
  try {
    const { sizeBytes } = fileSystem.info(fd)
    const bytes = new Uint8Array(Math.max(0, sizeBytes - from))
    const count = await fileSystem.read(fd, bytes, from)
    const written = fileSystem.write(fd, bytes.subarray(0, count), from)
    if (written !== count) throw new Error(`the file system took ${written} of ${count} bytes`)
    await fileSystem.syncData(fd)
  } finally {
    fileSystem.close(fd)
  }
}
