import path from 'node:path'
import { crc32 } from 'node:zlib'
import type { Checkpoint, CheckpointInfo } from '../driver.ts'
import { type FileSystem, isMissing, readWhole } from './file-system.ts'

const HEADER = /^([0-9a-f]{8}) (\d+) (\d+) (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)\n/
const MAX_HEADER = 96
let temporaryNumber = 0

/**
 * The checkpoints of one run: a file each in the run's `checkpoints` folder, named by its sequence.
 * A file is written under another name, synced and renamed, so that no reader meets half of one.
 *
 * Shape: `<crc-32> <length> <seq> <at>\n<bytes>`; the checksum covers all that follows it.
 */
export class CheckpointFiles {
  readonly #fileSystem: FileSystem
  readonly #folder: string
  readonly #synced: boolean

  constructor(fileSystem: FileSystem, folder: string, synced: boolean) {
    this.#fileSystem = fileSystem
    this.#folder = folder
    this.#synced = synced
  }

  async save({ seq, at, bytes }: Checkpoint): Promise<void> {
    const rest = `${bytes.length} ${seq} ${at}\n`
    const file = Buffer.concat([Buffer.from(`00000000 ${rest}`, 'latin1'), bytes])
    file.write(crc32(file.subarray(9)).toString(16).padStart(8, '0'), 0, 'latin1')
    const parent = path.dirname(this.#folder)
    await this.#fileSystem.makeFolder(this.#folder)
    temporaryNumber += 1
    const temporary = path.join(this.#folder, `${seq}.${process.pid}-${temporaryNumber}.tmp`)
    try {
      const fd = await this.#fileSystem.create(temporary, 'replace')
      try {
        const written = await this.#fileSystem.writeLarge(fd, file)
        if (written !== file.length) throw new Error(`a checkpoint file took ${written} of ${file.length} bytes`)
        if (this.#synced) await this.#fileSystem.syncData(fd)
      } finally {
        this.#fileSystem.close(fd)
      }
      this.#fileSystem.rename(temporary, this.#path(seq))
    } catch (error) {
      this.#fileSystem.remove(temporary)
      throw error
    }
    if (this.#synced) {
      await this.#fileSystem.syncFolder(this.#folder)
      await this.#fileSystem.syncFolder(parent)
      await this.#fileSystem.syncFolder(path.dirname(parent))
    }
  }

  async readLatest(atOrBeforeSeq: number): Promise<Checkpoint | null> {
    for (const seq of this.#seqs()) {
      if (seq > atOrBeforeSeq) continue
      const file = await readWhole(this.#fileSystem, this.#path(seq))
      const header = file === null ? null : headerOf(file)
      if (file === null || header === null || header.seq !== seq) continue
      if (crc32(file.subarray(9)).toString(16).padStart(8, '0') !== header.checksum) continue
      return { seq, at: header.at, bytes: file.slice(header.length) }
    }
    return null
  }

  /** All whose header can be read, newest first. */
  async list(): Promise<readonly CheckpointInfo[]> {
    const infos: CheckpointInfo[] = []
    for (const seq of this.#seqs()) {
      const header = await this.#readHeader(seq)
      if (header !== null) infos.push({ seq, at: header.at, sizeBytes: header.sizeBytes })
    }
    return infos
  }

  delete(seqs: readonly number[]): void {
    for (const seq of seqs) this.#fileSystem.remove(this.#path(seq))
  }

  /** Bytes of all files. */
  sizeBytes(): number {
    let sum = 0
    for (const seq of this.#seqs()) sum += this.#fileSystem.infoOf(this.#path(seq))?.sizeBytes ?? 0
    return sum
  }

  #path(seq: number): string {
    return path.join(this.#folder, `${seq}.checkpoint`)
  }

  #seqs(): number[] {
    return this.#fileSystem
      .names(this.#folder)
      .flatMap((name) => /^(\d{1,16})\.checkpoint$/.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => b - a)
  }

  async #readHeader(seq: number): Promise<Header | null> {
    let fd: number
    try {
      fd = this.#fileSystem.open(this.#path(seq), 'read')
    } catch (error) {
      if (isMissing(error)) return null
      throw error
    }
    try {
      const bytes = new Uint8Array(MAX_HEADER)
      return headerOf(bytes.subarray(0, await this.#fileSystem.read(fd, bytes, 0)))
    } finally {
      this.#fileSystem.close(fd)
    }
  }
}

interface Header {
  readonly checksum: string
  readonly sizeBytes: number
  readonly seq: number
  readonly at: number
  /** Bytes before the checkpoint's own. */
  readonly length: number
}

function headerOf(file: Uint8Array): Header | null {
  const match = HEADER.exec(Buffer.from(file.subarray(0, MAX_HEADER)).toString('latin1'))
  if (match === null) return null
  return {
    checksum: match[1]!,
    sizeBytes: Number(match[2]),
    seq: Number(match[3]),
    at: Number(match[4]),
    length: match[0].length,
  }
}
