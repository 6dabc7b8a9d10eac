import fs from 'node:fs'

/** What the store needs to know of a file. */
export interface FileInfo {
  readonly sizeBytes: number
  readonly modifiedAt: number
  readonly inode: number
  /** 0 when the file was deleted while open. */
  readonly links: number
}

/** How a file that is there is opened. */
export type OpenMode = 'read' | 'append' | 'update'

/** How a file is made: `append` opens one that is there, `replace` empties it, `exclusive` and `begin` (to append to) fail. */
export type CreateMode = 'append' | 'replace' | 'exclusive' | 'begin'

/**
 * The file system as the store sees it: one method a system call, so that tests can make any of them fail.
 * Calls that only look at names or touch the page cache are synchronous, since a hop to the thread pool costs more than
 * they do; what makes names or waits for the disk is asynchronous, since a busy journal can hold it up.
 */
export interface FileSystem {
  open(path: string, mode: OpenMode): number
  create(path: string, mode: CreateMode): Promise<number>
  close(fd: number): void
  /** Reads at a position until the buffer is full or the file ends; gives the number of bytes. */
  read(fd: number, buffer: Uint8Array, position: number): Promise<number>
  /** One write at the end of an `append` file, or at a position; gives the number of bytes taken. */
  write(fd: number, bytes: Uint8Array, position: number | null): number
  /** As `write`, without blocking; for large records. */
  writeLarge(fd: number, bytes: Uint8Array): Promise<number>
  /** Waits until the file's bytes and size are on disk. */
  syncData(fd: number): Promise<void>
  /** As `syncData`, and nothing else happens in this thread meanwhile. */
  syncDataNow(fd: number): void
  /** Waits until the names in a folder are on disk. */
  syncFolder(path: string): Promise<void>
  info(fd: number): FileInfo
  exists(path: string): boolean
  /** Null when there is no such file. */
  infoOf(path: string): FileInfo | null
  /** Makes a folder and those above it; false when it was there. */
  makeFolder(path: string): Promise<boolean>
  /** Names in a folder; empty when there is no such folder. */
  names(path: string): string[]
  rename(from: string, to: string): void
  /** Removes a file; one that is not there is no error. */
  remove(path: string): void
  /** Removes a folder with all in it; one that is not there is no error. */
  removeFolder(path: string): Promise<void>
}

const { O_APPEND, O_CREAT, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY, O_EXCL } = fs.constants

const OPEN_FLAGS: Readonly<Record<OpenMode, number>> = {
  read: O_RDONLY,
  append: O_WRONLY | O_APPEND,
  update: O_RDWR,
}

const CREATE_FLAGS: Readonly<Record<CreateMode, number>> = {
  append: O_WRONLY | O_APPEND | O_CREAT,
  replace: O_WRONLY | O_CREAT | O_TRUNC,
  exclusive: O_WRONLY | O_CREAT | O_EXCL,
  begin: O_WRONLY | O_APPEND | O_CREAT | O_EXCL,
}

/** The real file system, over `node:fs`. */
export const nodeFileSystem: FileSystem = {
  open: (path, mode) => fs.openSync(path, OPEN_FLAGS[mode]),
  create: (path, mode) =>
    new Promise((resolve, reject) => {
      fs.open(path, CREATE_FLAGS[mode], 0o644, (error, fd) => (error === null ? resolve(fd) : reject(error)))
    }),
  close: (fd) => fs.closeSync(fd),
  async read(fd, buffer, position) {
    let filled = 0
    while (filled < buffer.length) {
      const count = await readOnce(fd, buffer, filled, position + filled)
      if (count === 0) break
      filled += count
    }
    return filled
  },
  write: (fd, bytes, position) => fs.writeSync(fd, bytes, 0, bytes.length, position),
  writeLarge: (fd, bytes) =>
    new Promise((resolve, reject) => {
      fs.write(fd, bytes, 0, bytes.length, null, (error, count) => (error === null ? resolve(count) : reject(error)))
    }),
  syncData: (fd) =>
    new Promise((resolve, reject) => {
      fs.fdatasync(fd, (error) => (error === null ? resolve() : reject(error)))
    }),
  syncDataNow: (fd) => fs.fdatasyncSync(fd),
  async syncFolder(path) {
    // Windows has no way to open a folder for this; its journal keeps names in order.
    if (process.platform === 'win32') return
    const fd = fs.openSync(path, O_RDONLY)
    try {
      await new Promise<void>((resolve, reject) => {
        fs.fsync(fd, (error) => (error === null ? resolve() : reject(error)))
      })
    } finally {
      fs.closeSync(fd)
    }
  },
  info: (fd) => infoFrom(fs.fstatSync(fd)),
  exists: (path) => fs.existsSync(path),
  infoOf(path) {
    const stats = fs.statSync(path, { throwIfNoEntry: false })
    return stats === undefined ? null : infoFrom(stats)
  },
  makeFolder: (path) =>
    new Promise((resolve, reject) => {
      // Most have their parent, and looking for it first costs more than making the folder.
      fs.mkdir(path, (error) => {
        if (error === null) resolve(true)
        else if (!isMissing(error) && fs.existsSync(path)) resolve(false)
        else
          fs.mkdir(path, { recursive: true }, (failure, first) =>
            failure === null ? resolve(first !== undefined) : reject(failure),
          )
      })
    }),
  names(path) {
    // An error with its stack costs more than a second look.
    if (!fs.existsSync(path)) return []
    try {
      return fs.readdirSync(path)
    } catch (error) {
      if (isMissing(error)) return []
      throw error
    }
  },
  rename: (from, to) => fs.renameSync(from, to),
  remove: (path) => fs.rmSync(path, { force: true }),
  removeFolder: (path) => fs.promises.rm(path, { recursive: true, force: true }),
}

/** Whether a call failed because a file or folder is not there. */
export function isMissing(error: unknown): boolean {
  return hasSystemCode(error, 'ENOENT') || hasSystemCode(error, 'ENOTDIR')
}

/** Whether a call failed because a file is there already. */
export function isTaken(error: unknown): boolean {
  return hasSystemCode(error, 'EEXIST')
}

/** The whole of a file, or null when it is not there. */
export async function readWhole(fileSystem: FileSystem, path: string): Promise<Uint8Array | null> {
  let fd: number
  try {
    fd = fileSystem.open(path, 'read')
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
  try {
    const bytes = new Uint8Array(fileSystem.info(fd).sizeBytes)
    return bytes.subarray(0, await fileSystem.read(fd, bytes, 0))
  } finally {
    fileSystem.close(fd)
  }
}

function hasSystemCode(error: unknown, code: string): boolean {
  return error instanceof Error && (error as { readonly code?: unknown }).code === code
}

function infoFrom({ size, mtimeMs, ino, nlink }: fs.Stats): FileInfo {
  return { sizeBytes: size, modifiedAt: mtimeMs, inode: ino, links: nlink }
}

function readOnce(fd: number, buffer: Uint8Array, offset: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(fd, buffer, offset, buffer.length - offset, position, (error, count) =>
      error === null ? resolve(count) : reject(error),
    )
  })
}
