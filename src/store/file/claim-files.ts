import path from 'node:path'
import { crc32 } from 'node:zlib'
import type { Claim, ClaimRequest } from '../driver.ts'
import { fenced, held } from '../store-failure.ts'
import { type FileSystem, isMissing, isTaken, readWhole } from './file-system.ts'
import { FIRST_EPOCH, readLogClaim } from './log-claim.ts'
import { isKnownDead, isSameProcess, type ProcessIdentity } from './process-identity.ts'
import type { Holder } from './record.ts'

/** What a claim file says. */
interface ClaimRecord extends Holder {
  readonly runId: string
  readonly epoch: number
  readonly released: boolean
}

/** Where the claims of a run are. */
export interface ClaimPlace {
  readonly runId: string
  /** The run's folder, made when something is first put there. */
  readonly folder: string
  readonly logPath: string
}

/** Room in a claim file, so that a renewal overwrites it in place. */
const MIN_CLAIM_BYTES = 512
const MAX_TRIES = 100
/** How long the maker of a claim has to fill it in. */
const FILLING_MS = 1000

/**
 * The claims of one run: a file an epoch, `claim-<epoch>` in the run's folder; the highest is the present one. The claim of
 * whoever began the log is the log itself, as long as it stands for epoch 1 and has no file: most runs are begun and ended
 * under one claim, and a file more is the most of what they cost.
 *
 * Exactly one of many competitors makes the log, and the file of an epoch (`O_EXCL`). A file is changed in place only, so a
 * holder that was overtaken can not bring its file back; that of epoch 1 may be made later, by a renewal, which looks for a
 * higher one after it. Files are removed in ascending order once two later ones exist, so a holder is overtaken exactly
 * when there is one of a higher epoch.
 */
export class ClaimFiles {
  readonly #fileSystem: FileSystem
  readonly #folder: string
  readonly #logPath: string
  readonly #runId: string
  readonly #self: ProcessIdentity

  constructor(fileSystem: FileSystem, { folder, logPath, runId }: ClaimPlace, self: ProcessIdentity) {
    this.#fileSystem = fileSystem
    this.#folder = folder
    this.#logPath = logPath
    this.#runId = runId
    this.#self = self
  }

  /** The epochs that have a file, ascending. */
  epochs(): number[] {
    return this.#fileSystem
      .names(this.#folder)
      .flatMap((name) => /^claim-(\d{1,15})$/.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b)
  }

  /** The highest epoch so far; 0 when there is none. */
  present(): number {
    return this.epochs().at(-1) ?? (this.#fileSystem.exists(this.#logPath) ? FIRST_EPOCH : 0)
  }

  /**
   * The claim of whoever has just made the log, and what its first record has to say of it. Files that a deletion left
   * behind, if it ever does, are met by the first append, which looks for whoever overtook it.
   */
  begin({ owner, leaseMs, now }: ClaimRequest): { readonly claim: Claim; readonly holder: Holder } {
    const expiresAt = now + leaseMs
    const claim = { runId: this.#runId, owner, epoch: FIRST_EPOCH, expiresAt }
    return { claim, holder: { owner, expiresAt, ...this.#self } }
  }

  /**
   * Makes the file of the next epoch.
   * @param above - the new epoch is higher than this too
   * @param hasBegun - whether the caller made the log, and so nobody holds the run by it
   * @returns null when the log is gone: another may make it and hold the run by it, so it is to be begun first
   * @throws {StoreError} STORE_HELD
   */
  async take(request: ClaimRequest, above: number, hasBegun: boolean): Promise<Claim | null> {
    const { owner, leaseMs, now } = request
    const expiresAt = now + leaseMs
    for (let tries = 1; ; tries++) {
      const epochs = this.epochs()
      const present = epochs.at(-1) ?? this.present()
      if (present === 0) return null
      if (!hasBegun || epochs.length > 0) await this.#checkFree(present, request)
      const epoch = Math.max(present, above) + 1
      try {
        await this.#fileSystem.makeFolder(this.#folder)
        await this.#make({ runId: this.#runId, owner, epoch, expiresAt, released: false, ...this.#self })
      } catch (error) {
        // Another was faster, or the run was deleted in between: look again.
        if ((isTaken(error) || isMissing(error)) && tries < MAX_TRIES) continue
        throw error
      }
      for (const old of epochs) if (old < present) this.#fileSystem.remove(this.#path(old))
      return { runId: this.#runId, owner, epoch, expiresAt }
    }
  }

  /** Whether somebody claimed the run after a claim; whether the run is still there at all, its log tells. */
  isOvertaken(epoch: number): boolean {
    return (this.epochs().at(-1) ?? 0) > epoch
  }

  /** Whether a claim has no file: then the log is it, and the log is where to let go of it. */
  isInLog(epoch: number): boolean {
    return epoch === FIRST_EPOCH && !this.#fileSystem.exists(this.#path(epoch))
  }

  /** Whether a claim is still the one this process made. */
  async isOwn({ owner, epoch }: Pick<Claim, 'owner' | 'epoch'>): Promise<boolean> {
    const record = await this.#read(epoch)
    return record !== null && record.owner === owner && isSameProcess(record, this.#self)
  }

  /** @throws {StoreError} STORE_FENCED when the claim was lost */
  async renew({ owner, epoch }: Claim, { leaseMs, now }: ClaimRequest): Promise<Claim> {
    const expiresAt = now + leaseMs
    const record = { runId: this.#runId, owner, epoch, expiresAt, released: false, ...this.#self }
    if (this.isOvertaken(epoch) || !(await this.#put(record)) || this.isOvertaken(epoch)) {
      throw fenced(this.#runId, epoch, 'another owner took the run over')
    }
    return { runId: this.#runId, owner, epoch, expiresAt }
  }

  async release({ owner, epoch, expiresAt }: Claim): Promise<void> {
    await this.#put({ runId: this.#runId, owner, epoch, expiresAt, released: true, ...this.#self })
  }

  async #checkFree(epoch: number, { owner, leaseMs, now }: ClaimRequest): Promise<void> {
    const claim = await this.#read(epoch)
    if (claim === null) {
      // Made this instant and not filled in yet, or its maker died in between. A maker that was only slow is overtaken
      // by then and writes nothing that counts, so a short patience is enough.
      const info = this.#fileSystem.infoOf(this.isInLog(epoch) ? this.#logPath : this.#path(epoch))
      const freeAt = info === null ? now : info.modifiedAt + Math.min(leaseMs, FILLING_MS)
      if (now >= freeAt) return
      throw held(this.#runId, 'an owner that can not be read', freeAt, epoch)
    }
    const free =
      claim.released ||
      now >= claim.expiresAt ||
      (claim.owner === owner && isSameProcess(claim, this.#self)) ||
      isKnownDead(claim, this.#self)
    if (!free) throw held(this.#runId, claim.owner, claim.expiresAt, epoch)
  }

  #path(epoch: number): string {
    return `${this.#folder}${path.sep}claim-${epoch}`
  }

  async #make(record: ClaimRecord): Promise<void> {
    const fd = await this.#fileSystem.create(this.#path(record.epoch), 'exclusive')
    try {
      this.#write(fd, record)
    } catch (error) {
      // Nobody can succeed a claim that can not be read before a lease is over, so leave none.
      this.#fileSystem.remove(this.#path(record.epoch))
      throw error
    } finally {
      this.#fileSystem.close(fd)
    }
  }

  /** Changes a claim, which gets a file if the log has been it so far; false when it is gone. */
  async #put(record: ClaimRecord): Promise<boolean> {
    if (!this.isInLog(record.epoch)) return this.#change(record)
    // A log made anew by somebody else after a deletion is another claim.
    if (!(await this.isOwn(record))) return false
    await this.#fileSystem.makeFolder(this.#folder)
    try {
      await this.#make(record)
    } catch (error) {
      if (isTaken(error)) return this.#change(record)
      // The run was deleted in between.
      if (isMissing(error)) return false
      throw error
    }
    return true
  }

  /** Overwrites a claim in place; false when its file is gone. */
  #change(record: ClaimRecord): boolean {
    let fd: number
    try {
      fd = this.#fileSystem.open(this.#path(record.epoch), 'update')
    } catch (error) {
      if (isMissing(error)) return false
      throw error
    }
    try {
      this.#write(fd, record)
    } finally {
      this.#fileSystem.close(fd)
    }
    return true
  }

  #write(fd: number, record: ClaimRecord): void {
    const json = Buffer.from(JSON.stringify(record))
    const bytes = Buffer.alloc(Math.ceil((json.length + 32) / MIN_CLAIM_BYTES) * MIN_CLAIM_BYTES, ' ')
    bytes.write(`${checksumOf(json)} `, 0, 'latin1')
    json.copy(bytes, 9)
    bytes[bytes.length - 1] = 0x0a
    const written = this.#fileSystem.write(fd, bytes, 0)
    if (written !== bytes.length) throw new Error(`a claim file took ${written} of ${bytes.length} bytes`)
  }

  /** A claim, or null when it is gone or unreadable. */
  async #read(epoch: number): Promise<Pick<ClaimRecord, keyof Holder | 'released'> | null> {
    if (this.isInLog(epoch)) return readLogClaim(this.#fileSystem, this.#logPath)
    // A reader can catch a renewal half way; it is over by the next look.
    for (let tries = 0; tries < 3; tries++) {
      const bytes = await readWhole(this.#fileSystem, this.#path(epoch))
      if (bytes === null) return null
      const json = Buffer.from(bytes.subarray(9)).toString('utf8').trimEnd()
      if (checksumOf(Buffer.from(json)) === Buffer.from(bytes.subarray(0, 8)).toString('latin1')) {
        return JSON.parse(json) as ClaimRecord
      }
    }
    return null
  }
}

function checksumOf(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(8, '0')
}
