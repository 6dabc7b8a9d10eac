import path from 'node:path'
import { crc32 } from 'node:zlib'
import { type FileSystem, readWhole } from './file-system.ts'
import type { ProcessIdentity } from './process-identity.ts'

/** Bytes of one log, and where they stand in it. */
export interface JournalEntry {
  /** Name of the run; see `runName`. */
  readonly name: string
  readonly logId: string
  readonly offset: number
  readonly bytes: Uint8Array
}

/** What a journal file holds. */
export interface JournalContent {
  /** Who writes it; null when not even that can be read. */
  readonly owner: ProcessIdentity | null
  readonly entries: readonly JournalEntry[]
}

/** What follows the first line of a journal record: whose bytes come, in this order. */
type JournalIndex = readonly (readonly [name: string, logId: string, offset: number, sizeBytes: number])[]

const JOURNAL_NAME = /^journal-[0-9a-f]{12}-\d+(?:\.retired)?$/
const RECORD_HEADER = /^\n([0-9a-f]{8}) (\d{1,12}) ([0-9a-f]{12}) (\d{1,12}) /
const MAX_HEADER = 56
/** A journal grows by zeros, so that most syncs change no size; the first step is small, for stores of a short life. */
const FIRST_GROWTH_BYTES = 64 * 1024
const MAX_GROWTH_BYTES = 1024 * 1024

/** Whether a name in the journal folder is that of a journal. */
export function isJournalName(name: string): boolean {
  return JOURNAL_NAME.test(name)
}

/**
 * One file of a store's journal, being written. It says again, in one place, what went to many logs without a sync.
 *
 * Shape: records `\n<crc-32> <length> <id of the file> <number> <body>`, then zeros; the checksum covers all that
 * follows it. The body of record 0 is the writer's identity; that of others a line of JSON, an array
 * `[name, log id, offset, length]` a log, and the bytes of each. A record is written once the one before it is on
 * disk, so the first that can not be read is where the journal ended.
 */
export class JournalFile {
  readonly path: string
  readonly #fileSystem: FileSystem
  readonly #id: string
  readonly #fd: number
  #number = 0
  #position = 0
  #grownTo = 0
  #growth = FIRST_GROWTH_BYTES

  private constructor(fileSystem: FileSystem, filePath: string, id: string, fd: number) {
    this.#fileSystem = fileSystem
    this.path = filePath
    this.#id = id
    this.#fd = fd
  }

  /**
   * Makes a journal file; its name is on disk when this resolves, its owner with the first sync.
   * @param id - 12 random hex digits
   */
  static async create(
    fileSystem: FileSystem,
    folder: string,
    id: string,
    number: number,
    owner: ProcessIdentity,
  ): Promise<JournalFile> {
    const filePath = path.join(folder, `journal-${id}-${number}`)
    const fd = await fileSystem.create(filePath, 'exclusive')
    try {
      const file = new JournalFile(fileSystem, filePath, id, fd)
      file.#write(Buffer.from(JSON.stringify(owner)))
      await fileSystem.syncFolder(folder)
      return file
    } catch (error) {
      fileSystem.close(fd)
      fileSystem.remove(filePath)
      throw error
    }
  }

  get sizeBytes(): number {
    return this.#position
  }

  /** Writes one record, unsynced. */
  put(entries: readonly JournalEntry[]): void {
    const index: JournalIndex = entries.map(({ name, logId, offset, bytes }) => [name, logId, offset, bytes.length])
    this.#write(Buffer.from(`${JSON.stringify(index)}\n`), ...entries.map(({ bytes }) => bytes))
  }

  async sync(): Promise<void> {
    await this.#fileSystem.syncData(this.#fd)
  }

  syncNow(): void {
    this.#fileSystem.syncDataNow(this.#fd)
  }

  close(): void {
    this.#fileSystem.close(this.#fd)
  }

  #write(...body: readonly Uint8Array[]): void {
    const length = body.reduce((sum, { length: each }) => sum + each, 0)
    const rest = `${length} ${this.#id} ${this.#number} `
    const end = this.#position + 10 + rest.length + length
    let zeros = 0
    if (end > this.#grownTo) {
      zeros = this.#growth
      this.#growth = Math.min(MAX_GROWTH_BYTES, this.#growth * 2)
      this.#grownTo = end + zeros
    }
    const record = Buffer.concat([Buffer.from(`\n00000000 ${rest}`, 'latin1'), ...body, Buffer.alloc(zeros)])
    record.write(hex(crc32(record.subarray(10, record.length - zeros))), 1, 'latin1')
    const written = this.#fileSystem.write(this.#fd, record, this.#position)
    if (written !== record.length) throw new Error(`the journal took ${written} of ${record.length} bytes`)
    this.#position = end
    this.#number += 1
  }
}

/** What a journal file holds up to the first record that can not be read, or null when there is no such file. */
export async function readJournal(fileSystem: FileSystem, filePath: string): Promise<JournalContent | null> {
  const bytes = await readWhole(fileSystem, filePath)
  if (bytes === null) return null
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const id = path.basename(filePath).slice('journal-'.length, 'journal-'.length + 12)
  const entries: JournalEntry[] = []
  let owner: ProcessIdentity | null = null
  let position = 0
  for (let number = 0; ; number++) {
    const match = RECORD_HEADER.exec(file.toString('latin1', position, position + MAX_HEADER))
    if (match === null || match[3] !== id || Number(match[4]) !== number) break
    const start = position + match[0].length
    const end = start + Number(match[2])
    if (end > file.length || hex(crc32(file.subarray(position + 10, end))) !== match[1]) break
    if (number === 0) owner = JSON.parse(file.toString('utf8', start, end)) as ProcessIdentity
    else entries.push(...entriesIn(file.subarray(start, end)))
    position = end
  }
  return { owner, entries }
}

function entriesIn(body: Buffer): JournalEntry[] {
  const lineBreak = body.indexOf(0x0a)
  const index = JSON.parse(body.toString('utf8', 0, lineBreak)) as JournalIndex
  let position = lineBreak + 1
  return index.map(([name, logId, offset, sizeBytes]) => {
    const bytes = body.subarray(position, position + sizeBytes)
    position += sizeBytes
    return { name, logId, offset, bytes }
  })
}

function hex(checksum: number): string {
  return checksum.toString(16).padStart(8, '0')
}
