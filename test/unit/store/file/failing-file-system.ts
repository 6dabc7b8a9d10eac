import { type FileSystem, nodeFileSystem } from '../../../../src/store/file/file-system.ts'

type Method = keyof FileSystem

/** The real file system, of which a test can make calls fail or note them. */
export interface FailingFileSystem {
  readonly fs: FileSystem
  /** Names of the calls so far, in order. */
  readonly calls: Method[]
  /** Makes the next call of a method fail with a system code. */
  failNext(method: Method, code: string): void
  /** Makes the next write of a log or claim take only some bytes. */
  cutNextWrite(bytes: number): void
}

export function failingFileSystem(): FailingFileSystem {
  const calls: Method[] = []
  const failures = new Map<Method, string>()
  let cut: number | null = null
  const enter = (method: Method): void => {
    calls.push(method)
    const code = failures.get(method)
    if (code === undefined) return
    failures.delete(method)
    throw Object.assign(new Error(`${code}: ${method} failed`), { code })
  }
  const fs: FileSystem = {
    ...nodeFileSystem,
    open(path, mode) {
      enter('open')
      return nodeFileSystem.open(path, mode)
    },
    async create(path, mode) {
      enter('create')
      return nodeFileSystem.create(path, mode)
    },
    write(fd, bytes, position) {
      enter('write')
      const part = cut === null ? bytes : bytes.subarray(0, cut)
      cut = null
      return nodeFileSystem.write(fd, part, position)
    },
    async writeLarge(fd, bytes) {
      enter('writeLarge')
      return nodeFileSystem.writeLarge(fd, bytes)
    },
    async syncData(fd) {
      enter('syncData')
      return nodeFileSystem.syncData(fd)
    },
    syncDataNow(fd) {
      enter('syncDataNow')
      nodeFileSystem.syncDataNow(fd)
    },
    async syncFolder(path) {
      enter('syncFolder')
      return nodeFileSystem.syncFolder(path)
    },
    rename(from, to) {
      enter('rename')
      nodeFileSystem.rename(from, to)
    },
  }
  return {
    fs,
    calls,
    failNext: (method, code) => void failures.set(method, code),
    cutNextWrite: (bytes) => {
      cut = bytes
    },
  }
}
