import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { Claim, ClaimRequest } from '../../../../src/store/driver.ts'
import { ClaimFiles } from '../../../../src/store/file/claim-files.ts'
import { nodeFileSystem } from '../../../../src/store/file/file-system.ts'
import { ownProcess, type ProcessIdentity } from '../../../../src/store/file/process-identity.ts'
import { requestOf, SAMPLE_START } from '../../../helpers/sample-run.ts'
import { temporaryFolder } from '../../../helpers/temporary-folder.ts'

const LEASE_OVER = SAMPLE_START + 60_000

function newClaims(): { readonly claims: ClaimFiles; readonly folder: string } {
  const folder = join(temporaryFolder(), 'run')
  const place = { runId: 'run', folder, logPath: `${folder}.log` }
  writeFileSync(place.logPath, '')
  return { claims: new ClaimFiles(nodeFileSystem, place, ownProcess()), folder }
}

/** As somebody who has just made the log, which stands for epoch 1. */
async function take(claims: ClaimFiles, request: ClaimRequest, above = 0): Promise<Claim> {
  return (await claims.take(request, above, true))!
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
      const claim = await take(claims, requestOf(`owner ${epoch}`))
      expect(claim.epoch).toBe(epoch + 1)
      await claims.release(claim)
    }
    expect(readdirSync(folder).sort()).toEqual(['claim-5', 'claim-6'])
    expect([4, 5, 6].map((epoch) => claims.isOvertaken(epoch))).toEqual([true, true, false])
  })

  it('hold while their process lives, and not a moment longer', async () => {
    const { claims, folder } = newClaims()
    await take(claims, requestOf('first'))
    await expect(take(claims, requestOf('second', LEASE_OVER - 1))).rejects.toMatchObject({ code: 'STORE_HELD' })
    const ended = spawnSync(process.execPath, ['--eval', ''])
    disguise(folder, 2, { pid: ended.pid, startTime: '1' })
    expect(await take(claims, requestOf('second'))).toMatchObject({ epoch: 3 })
  })

  it.skipIf(process.platform !== 'linux')(
    'do not hold for another process that was given the same pid (needs Linux, which tells when a process began)',
    async () => {
      const { claims, folder } = newClaims()
      await take(claims, requestOf('first'))
      disguise(folder, 2, { startTime: '1' })
      expect(await take(claims, requestOf('second'))).toMatchObject({ epoch: 3 })
    },
  )

  it('hold until the lease is over when their process can not be looked at', async () => {
    const { claims, folder } = newClaims()
    await take(claims, requestOf('first'))
    disguise(folder, 2, { place: 'another machine', pid: 2 ** 22 + 1 })
    await expect(take(claims, requestOf('second', LEASE_OVER - 1))).rejects.toMatchObject({ code: 'STORE_HELD' })
    // The same name elsewhere is another owner.
    await expect(take(claims, requestOf('first', LEASE_OVER - 1))).rejects.toMatchObject({ code: 'STORE_HELD' })
    expect(await take(claims, requestOf('second', LEASE_OVER))).toMatchObject({ epoch: 3 })
  })

  it('are this process’s own only while nobody made them anew', async () => {
    const { claims, folder } = newClaims()
    const claim = await take(claims, requestOf('first'))
    expect(await claims.isOwn(claim)).toBe(true)
    expect(await claims.isOwn({ ...claim, owner: 'second' })).toBe(false)
    disguise(folder, 2, { pid: 1 })
    expect(await claims.isOwn(claim)).toBe(false)
    expect(await claims.isOwn({ ...claim, epoch: 3 })).toBe(false)
  })

  it('are to be begun with the log when that is gone', async () => {
    const { claims, folder } = newClaims()
    rmSync(`${folder}.log`)
    expect(await claims.take(requestOf('first'), 0, false)).toBeNull()
    expect(existsSync(folder)).toBe(false)
  })

  it('go above an epoch that is asked for', async () => {
    const { claims } = newClaims()
    expect(await take(claims, requestOf('first'), 41)).toMatchObject({ epoch: 42 })
  })
})
