import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { ClaimFiles } from '../../../../src/store/file/claim-files.ts'
import { nodeFileSystem } from '../../../../src/store/file/file-system.ts'
import { ownProcess, type ProcessIdentity } from '../../../../src/store/file/process-identity.ts'
import { requestOf, SAMPLE_START } from '../../../helpers/sample-run.ts'
import { temporaryFolder } from '../../../helpers/temporary-folder.ts'

const LEASE_OVER = SAMPLE_START + 60_000

function newClaims(): { readonly claims: ClaimFiles; readonly folder: string } {
  const folder = join(temporaryFolder(), 'run')
  return { claims: new ClaimFiles(nodeFileSystem, folder, 'run', ownProcess()), folder }
}

/** Makes a claim file say that another process wrote it. */
function disguise(folder: string, epoch: number, change: Partial<ProcessIdentity>): void {
  const path = join(folder, `claim-${epoch}`)
  const record = JSON.parse(readFileSync(path, 'utf8').slice(9)) as object
  const json = JSON.stringify({ ...record, ...change })
  writeFileSync(path, `${crc32(json).toString(16).padStart(8, '0')} ${json}${' '.repeat(600 - json.length)}\n`)
}

describe('the claim files of a run', () => {
  it('are one an epoch, and only the last two are kept', async () => {
    const { claims, folder } = newClaims()
    for (let epoch = 1; epoch <= 5; epoch++) {
      const claim = await claims.take(requestOf(`owner ${epoch}`), 0)
      expect(claim.epoch).toBe(epoch)
      claims.release(claim)
    }
    expect(readdirSync(folder).sort()).toEqual(['claim-4', 'claim-5'])
    expect([3, 4, 5].map((epoch) => claims.isOvertaken(epoch))).toEqual([true, true, false])
  })

  it('hold while their process lives, and not a moment longer', async () => {
    const { claims, folder } = newClaims()
    await claims.take(requestOf('first'), 0)
    await expect(claims.take(requestOf('second', LEASE_OVER - 1), 0)).rejects.toMatchObject({ code: 'STORE_HELD' })
    const ended = spawnSync(process.execPath, ['--eval', ''])
    disguise(folder, 1, { pid: ended.pid, startTime: '1' })
    expect(await claims.take(requestOf('second'), 0)).toMatchObject({ epoch: 2 })
  })

  it.skipIf(process.platform !== 'linux')(
    'do not hold for another process that was given the same pid (needs Linux, which tells when a process began)',
    async () => {
      const { claims, folder } = newClaims()
      await claims.take(requestOf('first'), 0)
      disguise(folder, 1, { startTime: '1' })
      expect(await claims.take(requestOf('second'), 0)).toMatchObject({ epoch: 2 })
    },
  )

  it('hold until the lease is over when their process can not be looked at', async () => {
    const { claims, folder } = newClaims()
    await claims.take(requestOf('first'), 0)
    disguise(folder, 1, { place: 'another machine', pid: 2 ** 22 + 1 })
    await expect(claims.take(requestOf('second', LEASE_OVER - 1), 0)).rejects.toMatchObject({ code: 'STORE_HELD' })
    // The same name elsewhere is another owner.
    await expect(claims.take(requestOf('first', LEASE_OVER - 1), 0)).rejects.toMatchObject({ code: 'STORE_HELD' })
    expect(await claims.take(requestOf('second', LEASE_OVER), 0)).toMatchObject({ epoch: 2 })
  })

  it('are this process’s own only while nobody made them anew', async () => {
    const { claims, folder } = newClaims()
    const claim = await claims.take(requestOf('first'), 0)
    expect(await claims.isOwn(claim)).toBe(true)
    expect(await claims.isOwn({ ...claim, owner: 'second' })).toBe(false)
    disguise(folder, 1, { pid: 1 })
    expect(await claims.isOwn(claim)).toBe(false)
    expect(await claims.isOwn({ ...claim, epoch: 2 })).toBe(false)
  })

  it('go above an epoch that is asked for', async () => {
    const { claims } = newClaims()
    expect(await claims.take(requestOf('first'), 41)).toMatchObject({ epoch: 42 })
  })
})
