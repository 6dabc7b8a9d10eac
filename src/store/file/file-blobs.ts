import path from 'node:path'
import { checkOptions, invalidArgument } from '../../base/argument.ts'
import { quote, StoreError } from '../../base/errors.ts'
import type { BlobStore } from '../../base/ports.ts'
import { type FileSystem, nodeFileSystem, readWhole } from './file-system.ts'

const DIGEST = /^sha256:([0-9a-f]{2})([0-9a-f]{62})$/
const REFUSAL = { error: StoreError, code: 'STORE_BAD_ARGUMENT' } as const
let temporaryNumber = 0

/** How large results are kept in files. */
export interface FileBlobsOptions {
  /** The file system; default the real one. Tests hand in one that fails. */
  readonly fs?: FileSystem
}

/**
 * Large results as files of a folder, named by digest: `<dir>/<2 digits>/<62 digits>`. Each is written under another name,
 * synced and renamed, so that no reader meets half of one. Nothing is ever removed: delete the folder with its runs.
 *
 * @param dir - the folder; made, with its parents, on first use
 * @throws {StoreError} STORE_BAD_ARGUMENT; STORE_IO from its methods
 * @example
 * const blobs = fileBlobs('./large-results')
 * const flow = workflow('large').node('a', () => 'x'.repeat(5_000)).node('b', ['a'], ({ a }) => a.length).build()
 * const executor = new DagExecutor(flow, { limits: { maxResultBytes: 1_000 }, oversizedResults: 'reference', blobs })
 * const { output } = await executor.execute()
 * output // 5000
 */
export function fileBlobs(dir: string, options: FileBlobsOptions = {}): BlobStore {
  if (typeof dir !== 'string' || dir === '') {
    throw invalidArgument('dir', 'the path of a folder', dir, { of: 'fileBlobs', ...REFUSAL })
  }
  checkOptions(options, ['fs'], 'fileBlobs', REFUSAL)
  const { fs = nodeFileSystem } = options
  const root = path.resolve(dir)
  return {
    async put(digest, bytes) {
      const { folder, file } = placeOf(root, digest)
      checkBytes(bytes)
      try {
        if (!fs.exists(file)) await write(fs, folder, file, bytes)
      } catch (cause) {
        throw new StoreError('STORE_IO', `the value ${digest} could not be written below ${quote(root)}`, { cause })
      }
    },
    async get(digest) {
      const { file } = placeOf(root, digest)
      try {
        return await readWhole(fs, file)
      } catch (cause) {
        throw new StoreError('STORE_IO', `the value ${digest} could not be read below ${quote(root)}`, { cause })
      }
    },
  }
}

function checkBytes(bytes: unknown): void {
  if (!ArrayBuffer.isView(bytes)) throw invalidArgument('bytes', 'a Uint8Array', bytes, REFUSAL)
}

/** Digests come from documents: nothing but digits becomes part of a path. */
function placeOf(root: string, digest: string): { readonly folder: string; readonly file: string } {
  const match = typeof digest === 'string' ? DIGEST.exec(digest) : null
  if (match === null) throw invalidArgument('digest', '"sha256:" and 64 hexadecimal digits', digest, REFUSAL)
  const folder = path.join(root, match[1]!)
  return { folder, file: path.join(folder, match[2]!) }
}

async function write(fs: FileSystem, folder: string, file: string, bytes: Uint8Array): Promise<void> {
  await fs.makeFolder(folder)
  temporaryNumber += 1
  const temporary = `${file}.${process.pid}-${temporaryNumber}.tmp`
  try {
    const fd = await fs.create(temporary, 'replace')
    try {
      const written = await fs.writeLarge(fd, bytes)
      if (written !== bytes.length) throw new Error(`the file system took ${written} of ${bytes.length} bytes`)
      await fs.syncData(fd)
    } finally {
      fs.close(fd)
    }
    fs.rename(temporary, file)
  } catch (error) {
    fs.remove(temporary)
    throw error
  }
  await fs.syncFolder(folder)
  await fs.syncFolder(path.dirname(folder))
}
