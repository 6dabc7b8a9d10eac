import path from 'node:path'
import type { CreateMode, FileInfo, FileSystem, OpenMode } from '../../src/store/file/file-system.ts'
import { SAMPLE_START } from '../helpers/sample-run.ts'

/** What a loss of power does to bytes that were written and not synced. */
export type UnsyncedBytes = 'lost' | 'kept' | 'first half' | 'second half' | 'zeros'

/** What it does to names that were made, moved or removed and not synced. */
export type UnsyncedNames = 'lost' | 'kept' | 'some'

interface Range {
  readonly from: number
  readonly to: number
}

interface SimulatedFile {
  readonly kind: 'file'
  readonly inode: number
  /** What programs see. */
  bytes: Buffer
  /** What a loss of power leaves in any case. */
  durable: Buffer
  /** Parts of `bytes` the system still means to write. */
  dirty: Range[]
  readonly modifiedAt: number
  links: number
}

interface SimulatedFolder {
  readonly kind: 'folder'
  readonly inode: number
  names: Map<string, SimulatedNode>
  durable: Map<string, SimulatedNode>
}

type SimulatedNode = SimulatedFile | SimulatedFolder

interface Handle {
  readonly file: SimulatedFile
  readonly appends: boolean
}

/**
 * A disk in memory with a page cache before it: a name is durable after `syncFolder` of its folder, bytes after
 * `syncData`, nothing else is. Its power can be cut at any system call, and it can be told to fail a call.
 */
export class SimulatedDisk {
  /** System calls so far. */
  calls = 0
  /** Names of the calls so far. */
  readonly log: string[] = []
  /** The power goes before this call, counted from 1. */
  cutAt = Number.POSITIVE_INFINITY
  /** This call fails, counted from 1. */
  failsAt: number | null = null
  /** If this call is a write, it takes only half of its bytes. */
  shortAt: number | null = null
  readonly fs: FileSystem
  #root: SimulatedFolder = newFolder(1)
  #inodes = 1
  #fds = 2
  readonly #handles = new Map<number, Handle>()

  constructor(root?: SimulatedFolder) {
    if (root !== undefined) {
      this.#root = root
      this.#inodes = 1_000_000
    }
    this.fs = this.#fileSystem()
  }

  get isOff(): boolean {
    return this.calls >= this.cutAt
  }

  get openHandles(): number {
    return this.#handles.size
  }

  /** The disk as it may be found when the power is back. */
  afterPowerCut(bytes: UnsyncedBytes, names: UnsyncedNames): SimulatedDisk {
    const nodes = new Map<SimulatedNode, SimulatedNode>()
    // A rename within a folder happens whole or not at all, so the two names of a node share their fate.
    const fates = new Map<SimulatedNode, boolean>()
    const isKept = (node: SimulatedNode): boolean => {
      const fate = fates.get(node) ?? (names === 'kept' || (names === 'some' && fates.size % 2 === 0))
      fates.set(node, fate)
      return fate
    }
    const copyOf = (node: SimulatedNode): SimulatedNode => {
      const known = nodes.get(node)
      if (known !== undefined) return known
      if (node.kind === 'file') {
        const left = leftOf(node, bytes)
        const copy: SimulatedFile = { ...node, bytes: left, durable: Buffer.from(left), dirty: [], links: 1 }
        nodes.set(node, copy)
        return copy
      }
      const copy = newFolder(node.inode)
      nodes.set(node, copy)
      for (const name of new Set([...node.durable.keys(), ...node.names.keys()])) {
        const durable = node.durable.get(name)
        const seen = node.names.get(name)
        const changed = durable === seen ? undefined : (seen ?? durable)
        const left = changed !== undefined && isKept(changed) ? seen : durable
        if (left === undefined) continue
        const child = copyOf(left)
        copy.names.set(name, child)
        copy.durable.set(name, child)
      }
      return copy
    }
    return new SimulatedDisk(copyOf(this.#root) as SimulatedFolder)
  }

  #enter(call: string): void {
    if (this.calls < this.cutAt) this.calls += 1
    if (this.calls >= this.cutAt) throw systemError('EIO', 'the power is off')
    this.log.push(call)
    if (this.calls === this.failsAt) throw systemError('EIO', `${call} failed`)
  }

  /** What a write takes of its bytes. */
  #taken(bytes: Uint8Array): Uint8Array {
    return this.calls === this.shortAt ? bytes.subarray(0, bytes.length >>> 1) : bytes
  }

  /** Waits as for a disk; the power can go meanwhile. */
  async #wait(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    if (this.isOff) throw systemError('EIO', 'the power went')
  }

  #fileSystem(): FileSystem {
    return {
      open: (at, mode) => {
        this.#enter('open')
        return this.#open(this.#file(at), mode)
      },
      create: async (at, mode) => {
        this.#enter('create')
        return this.#create(at, mode)
      },
      close: (fd) => {
        // Closing says nothing about durability, and has to work for whoever tidies up after the cut.
        this.#handles.delete(fd)
      },
      read: async (fd, buffer, position) => {
        this.#enter('read')
        const { bytes } = this.#handle(fd).file
        return bytes.copy(buffer, 0, Math.min(position, bytes.length), Math.min(position + buffer.length, bytes.length))
      },
      write: (fd, bytes, position) => {
        this.#enter('write')
        return this.#write(fd, this.#taken(bytes), position)
      },
      writeLarge: async (fd, bytes) => {
        this.#enter('writeLarge')
        return this.#write(fd, this.#taken(bytes), null)
      },
      syncData: async (fd) => {
        const { file } = this.#handle(fd)
        const ranges = file.dirty
        try {
          this.#enter('syncData')
        } catch (error) {
          // As Linux does: what could not be written is forgotten, and shown to readers until it is dropped.
          if (!this.isOff) file.dirty = []
          throw error
        }
        const bytes = Buffer.from(file.bytes)
        file.dirty = []
        try {
          await this.#wait()
        } catch (error) {
          file.dirty = [...ranges, ...file.dirty]
          throw error
        }
        file.durable = withRanges(file.durable, bytes, ranges)
      },
      syncDataNow: (fd) => {
        const { file } = this.#handle(fd)
        const ranges = file.dirty
        try {
          this.#enter('syncDataNow')
        } catch (error) {
          if (!this.isOff) file.dirty = []
          throw error
        }
        file.dirty = []
        file.durable = withRanges(file.durable, file.bytes, ranges)
      },
      syncFolder: async (at) => {
        this.#enter('syncFolder')
        const folder = this.#folder(at)
        const names = new Map(folder.names)
        await this.#wait()
        folder.durable = names
      },
      info: (fd) => {
        this.#enter('info')
        return infoOf(this.#handle(fd).file)
      },
      exists: (at) => {
        this.#enter('exists')
        return this.#find(at) !== undefined
      },
      infoOf: (at) => {
        this.#enter('infoOf')
        const node = this.#find(at)
        return node?.kind === 'file' ? infoOf(node) : null
      },
      makeFolder: async (at) => {
        this.#enter('makeFolder')
        let folder = this.#root
        let isMade = false
        for (const name of partsOf(at)) {
          let next = folder.names.get(name)
          isMade = next === undefined
          if (next === undefined) {
            next = newFolder(this.#newInode())
            folder.names.set(name, next)
          }
          if (next.kind === 'file') throw systemError('ENOTDIR', at)
          folder = next
        }
        return isMade
      },
      names: (at) => {
        this.#enter('names')
        const node = this.#find(at)
        return node?.kind === 'folder' ? [...node.names.keys()] : []
      },
      rename: (from, to) => {
        this.#enter('rename')
        const node = this.#find(from)
        if (node === undefined) throw systemError('ENOENT', from)
        const target = this.#folder(path.dirname(to))
        this.#folder(path.dirname(from)).names.delete(path.basename(from))
        target.names.set(path.basename(to), node)
      },
      remove: (at) => {
        this.#enter('remove')
        const node = this.#find(at)
        if (node?.kind !== 'file') return
        node.links = 0
        this.#folder(path.dirname(at)).names.delete(path.basename(at))
      },
      removeFolder: async (at) => {
        this.#enter('removeFolder')
        const folder = this.#find(at)
        if (folder === undefined) return
        this.#folder(path.dirname(at)).names.delete(path.basename(at))
        const left = [folder]
        for (const node of left) {
          if (node.kind === 'file') node.links = 0
          else left.push(...node.names.values())
        }
      },
    }
  }

  #newInode(): number {
    this.#inodes += 1
    return this.#inodes
  }

  #open(file: SimulatedFile, mode: OpenMode): number {
    this.#fds += 1
    this.#handles.set(this.#fds, { file, appends: mode === 'append' })
    return this.#fds
  }

  #create(at: string, mode: CreateMode): number {
    const folder = this.#folder(path.dirname(at))
    const name = path.basename(at)
    let node = folder.names.get(name)
    if (node !== undefined && (mode === 'exclusive' || mode === 'begin')) throw systemError('EEXIST', at)
    if (node === undefined || mode === 'replace') {
      node = {
        ...{ kind: 'file', inode: this.#newInode(), modifiedAt: SAMPLE_START, links: 1, dirty: [] },
        ...{ bytes: Buffer.alloc(0), durable: Buffer.alloc(0) },
      } satisfies SimulatedFile
      folder.names.set(name, node)
    }
    if (node.kind === 'folder') throw systemError('EISDIR', at)
    return this.#open(node, mode === 'append' ? 'append' : 'update')
  }

  #write(fd: number, bytes: Uint8Array, position: number | null): number {
    const { file, appends } = this.#handle(fd)
    const from = appends || position === null ? file.bytes.length : position
    const to = from + bytes.length
    if (to > file.bytes.length) file.bytes = Buffer.concat([file.bytes, Buffer.alloc(to - file.bytes.length)])
    else file.bytes = Buffer.from(file.bytes)
    file.bytes.set(bytes, from)
    file.dirty = [...file.dirty, { from, to }]
    return bytes.length
  }

  #handle(fd: number): Handle {
    const handle = this.#handles.get(fd)
    if (handle === undefined) throw systemError('EBADF', String(fd))
    return handle
  }

  #find(at: string): SimulatedNode | undefined {
    let node: SimulatedNode | undefined = this.#root
    for (const name of partsOf(at)) {
      if (node?.kind !== 'folder') return undefined
      node = node.names.get(name)
    }
    return node
  }

  #file(at: string): SimulatedFile {
    const node = this.#find(at)
    if (node?.kind !== 'file') throw systemError('ENOENT', at)
    return node
  }

  #folder(at: string): SimulatedFolder {
    const node = this.#find(at)
    if (node?.kind !== 'folder') throw systemError('ENOENT', at)
    return node
  }
}

function newFolder(inode: number): SimulatedFolder {
  return { kind: 'folder', inode, names: new Map(), durable: new Map() }
}

function partsOf(at: string): string[] {
  return at.split('/').filter((part) => part !== '')
}

function infoOf({ bytes, modifiedAt, inode, links }: SimulatedFile): FileInfo {
  return { sizeBytes: bytes.length, modifiedAt, inode, links }
}

/** Durable bytes of which some ranges were written since; what lies between them and the old end is zeros. */
function withRanges(durable: Buffer, bytes: Buffer, ranges: readonly Range[]): Buffer {
  const sizeBytes = ranges.reduce((size, { to }) => Math.max(size, to), durable.length)
  const result = Buffer.alloc(sizeBytes)
  durable.copy(result)
  for (const { from, to } of ranges) bytes.copy(result, from, from, Math.min(to, bytes.length))
  return result
}

function leftOf({ bytes, durable, dirty }: SimulatedFile, unsynced: UnsyncedBytes): Buffer {
  if (unsynced === 'lost') return Buffer.from(durable)
  if (unsynced === 'kept') return withRanges(durable, bytes, dirty)
  if (unsynced === 'zeros') {
    // A block that was on disk before holds the old bytes or the new ones; only a grown file can show zeros.
    const left = withRanges(durable, durable, [])
    const sizeBytes = dirty.reduce((size, { to }) => Math.max(size, to), left.length)
    return Buffer.concat([left, Buffer.alloc(sizeBytes - left.length)])
  }
  const halves = dirty.map(({ from, to }) => {
    const middle = (from + to) >>> 1
    return unsynced === 'first half' ? { from, to: middle } : { from: middle, to }
  })
  return withRanges(durable, bytes, halves)
}

function systemError(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code })
}
