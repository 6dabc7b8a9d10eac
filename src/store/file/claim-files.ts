import path from 'node:path'
import { crc32 } from 'node:zlib'
import type { Claim, ClaimRequest } from '../driver.ts'
import { fenced, held } from '../store-failure.ts'
import { type FileSystem, isMissing, isTaken, readWhole } from './file-system.ts'
import { isKnownDead, isSameProcess, type ProcessIdentity } from './process-identity.ts'

/** What a claim file says. */
interface ClaimRecord extends ProcessIdentity {
  readonly runId: string
  readonly owner: string
  readonly epoch: number
  readonly expiresAt: number
  readonly released: boolean
}

/** Room in a claim file, so that a renewal overwrites it in place. */
const MIN_CLAIM_BYTES = 512
const MAX_TRIES = 100
/** How long the maker of a claim file has to fill it in. */
const FILLING_MS = 1000

/**
 * The claims of one run: a file an epoch, `claim-<epoch>` in the run's folder; the highest is the present one.
 *
 * Exactly one of many competitors makes the file of an epoch (`O_EXCL`). A file is changed in place only, never made
 * again by a renewal or release, so a holder that was overtaken can not bring its file back. Files are removed in
 * ascending order once two later ones exist. Hence {@link isOvertaken}: a holder is overtaken exactly when the file of
 * the next epoch is there, or its own is gone; looking for the next first leaves no gap between the two looks.
 */
export class ClaimFiles {
  readonly #fileSystem: FileSystem
  readonly #folder: string
  readonly #runId: string
  readonly #self: ProcessIdentity

  constructor(fileSystem: FileSystem, folder: string, runId: string, self: ProcessIdentity) {
    this.#fileSystem = fileSystem
    this.#folder = folder
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

  /**
   * Makes the file of the next epoch.
   * @param above - the new epoch is higher than this too
   * @throws {StoreError} STORE_HELD
   */
  async take(request: ClaimRequest, above: number): Promise<Claim> {
    const { owner, leaseMs, now } = request
    const expiresAt = now + leaseMs
    for (let tries = 1; ; tries++) {
      // A look for the name of a new folder waits for all who make names beside it; making it waits elsewhere.
      const epochs = (await this.#fileSystem.makeFolder(this.#folder)) ? [] : this.epochs()
      const present = epochs.at(-1) ?? 0
      if (present > 0) await this.#checkFree(present, request)
      const epoch = Math.max(present, above) + 1
      try {
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

  /** Whether a claim is no longer the present one. Two looks at names, a few microseconds. */
  isOvertaken(epoch: number): boolean {
    return this.#fileSystem.exists(this.#path(epoch + 1)) || !this.#fileSystem.exists(this.#path(epoch))
  }

  /** Whether the file of a claim is still the one this process made. */
  async isOwn({ owner, epoch }: Claim): Promise<boolean> {
    const record = await this.#read(epoch)
    return record !== null && record.owner === owner && isSameProcess(record, this.#self)
  }

  /** @throws {StoreError} STORE_FENCED when the claim was lost */
  renew({ owner, epoch }: Claim, { leaseMs, now }: ClaimRequest): Claim {
    const expiresAt = now + leaseMs
    const record = { runId: this.#runId, owner, epoch, expiresAt, released: false, ...this.#self }
    if (this.isOvertaken(epoch) || !this.#change(record) || this.isOvertaken(epoch)) {
      throw fenced(this.#runId, epoch, 'another owner took the run over')
    }
    return { runId: this.#runId, owner, epoch, expiresAt }
  }

  release({ owner, epoch, expiresAt }: Claim): void {
    this.#change({ runId: this.#runId, owner, epoch, expiresAt, released: true, ...this.#self })
  }

  async #checkFree(epoch: number, { owner, leaseMs, now }: ClaimRequest): Promise<void> {
    const claim = await this.#read(epoch)
    if (claim === null) {
      // Made this instant and not filled in yet, or its maker died in between. A maker that was only slow is overtaken
      // by then and writes nothing that counts, so a short patience is enough.
      const info = this.#fileSystem.infoOf(this.#path(epoch))
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

  /** A claim, or null when its file is gone or unreadable. */
  async #read(epoch: number): Promise<ClaimRecord | null> {
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
