import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sha256Hex } from '../../../../src/base/digest.ts'
import { fileBlobs } from '../../../../src/store/file/file-blobs.ts'
import { nodeFileSystem } from '../../../../src/store/file/file-system.ts'
import { temporaryFolder } from '../../../helpers/temporary-folder.ts'

const folder = temporaryFolder()
let number = 0
const newFolder = () => {
  number += 1
  return join(folder, `blobs-${number}`)
}
const bytesOf = (text: string) => new TextEncoder().encode(text)
const digestOf = (text: string) => `sha256:${sha256Hex(text)}`
const filesIn = (dir: string) =>
  existsSync(dir) ? readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()) : []

describe('fileBlobs', () => {
  it('gives back what was put, also in another process, and null for the rest', async () => {
    const dir = newFolder()
    const digest = digestOf('hello')
    await fileBlobs(dir).put(digest, bytesOf('hello'))
    expect(await fileBlobs(dir).get(digest)).toEqual(bytesOf('hello'))
    expect(await fileBlobs(dir).get(digestOf('other'))).toBeNull()
  })

  it('keeps one file a digest and does not write it again', async () => {
    const dir = newFolder()
    const blobs = fileBlobs(dir)
    await Promise.all([1, 2, 3].map(() => blobs.put(digestOf('same'), bytesOf('same'))))
    const [file, ...others] = filesIn(dir)
    expect(others).toEqual([])
    writeFileSync(join(file!.parentPath, file!.name), 'kept')
    await blobs.put(digestOf('same'), bytesOf('same'))
    expect(await blobs.get(digestOf('same'))).toEqual(bytesOf('kept'))
  })

  it.each(['../../etc/passwd', 'sha256:../../../../x', `sha256:${'0'.repeat(63)}`, `sha256:${'G'.repeat(64)}`, ''])(
    'takes no part of a path from a digest: %j',
    async (digest) => {
      const dir = newFolder()
      await expect(fileBlobs(dir).put(digest, bytesOf('x'))).rejects.toMatchObject({ code: 'STORE_BAD_ARGUMENT' })
      await expect(fileBlobs(dir).get(digest)).rejects.toMatchObject({ code: 'STORE_BAD_ARGUMENT' })
      expect(filesIn(dir)).toEqual([])
    },
  )

  it.each(['short', 'write', 'sync', 'rename'] as const)(
    'leaves nothing half written after a failed %s',
    async (fault) => {
      const dir = newFolder()
      const broken = () => {
        throw new Error('the disk is full')
      }
      const fs = {
        ...nodeFileSystem,
        ...(fault === 'short' ? { writeLarge: async () => 1 } : {}),
        ...(fault === 'write' ? { writeLarge: async () => broken() } : {}),
        ...(fault === 'sync' ? { syncData: async () => broken() } : {}),
        ...(fault === 'rename' ? { rename: broken } : {}),
      }
      await expect(fileBlobs(dir, { fs }).put(digestOf('x'), bytesOf('xyz'))).rejects.toMatchObject({
        code: 'STORE_IO',
      })
      expect(filesIn(dir)).toEqual([])
      expect(await fileBlobs(dir).get(digestOf('x'))).toBeNull()
    },
  )

  it('is on disk before it says so: the file before its name, the name before the end', async () => {
    const steps: string[] = []
    const fs = {
      ...nodeFileSystem,
      syncData: async () => void steps.push('sync file'),
      syncFolder: async () => void steps.push('sync folder'),
      rename: (from: string, to: string) => {
        steps.push('rename')
        nodeFileSystem.rename(from, to)
      },
    }
    await fileBlobs(newFolder(), { fs }).put(digestOf('x'), bytesOf('x'))
    expect(steps).toEqual(['sync file', 'rename', 'sync folder', 'sync folder'])
  })

  it('wants the path of a folder', () => {
    expect(() => fileBlobs('')).toThrow(expect.objectContaining({ code: 'STORE_BAD_ARGUMENT' }))
  })
})
