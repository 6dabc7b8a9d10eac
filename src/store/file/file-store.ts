import { checkOptions, invalidArgument } from '../../base/argument.ts'
import { StoreError } from '../../base/errors.ts'
import type { Logger } from '../../base/ports.ts'
import type { StoreDriver, StoreRepair } from '../driver.ts'
import { createStore, type Store } from '../store.ts'
import type { Durability } from './durability.ts'
import { FileDriver } from './file-driver.ts'
import { type FileSystem, nodeFileSystem } from './file-system.ts'
import { ownProcess } from './process-identity.ts'

/** How a store in files is kept; every member may be left out. */
export interface FileStoreOptions {
  /** When an append is acknowledged; default `sync`. */
  readonly durability?: Durability
  /** Length of a window of `batch` in milliseconds, 0 or more; default 5. Only with `durability: 'batch'`. */
  readonly batchMs?: number
  /** The file system; default the real one. Tests hand in one that fails. */
  readonly fs?: FileSystem
  /** Told of every torn tail a claim passed over. */
  readonly onRepair?: (repair: StoreRepair) => void
  /** Told of repairs and of damaged runs left out of lists; default none. */
  readonly logger?: Logger
}

const OPTION_NAMES: readonly string[] = ['durability', 'batchMs', 'fs', 'onRepair', 'logger']
const DEFAULT_BATCH_MS = 5
const JOURNAL_BYTES = 8 * 1024 * 1024

/**
 * A store in a folder of a local file system, for Node: runs survive the end of the process and, unless `durability` is
 * `exit`, loss of power. Several processes can use one folder; claims hold between them.
 *
 * @param dir - the folder; made, with its parents, on first use
 * @throws {StoreError} STORE_BAD_ARGUMENT
 * @example
 *   const store = fileStore('./runs', { durability: 'sync' })
 */
export function fileStore(dir: string, options: FileStoreOptions = {}): Store {
  return createStore(fileDriver(dir, options))
}

/** The driver under {@link fileStore}. */
export function fileDriver(dir: string, options: FileStoreOptions = {}): StoreDriver {
  if (typeof dir !== 'string' || dir === '') refuse('dir', 'the path of a folder', dir)
  checkOptions(options, OPTION_NAMES, 'fileStore', { error: StoreError, code: 'STORE_BAD_ARGUMENT' })
  const { durability = 'sync', batchMs, fs = nodeFileSystem, onRepair = null, logger = null } = options
  if (durability !== 'sync' && durability !== 'batch' && durability !== 'exit') {
    refuse('durability', "'sync', 'batch' or 'exit'", durability)
  }
  if (batchMs !== undefined && durability !== 'batch') {
    refuse('batchMs', 'nothing', batchMs, "it acts with durability 'batch' only")
  }
  if (batchMs !== undefined && !(Number.isFinite(batchMs) && batchMs >= 0)) {
    refuse('batchMs', 'a number of milliseconds, 0 or more', batchMs)
  }
  if (onRepair !== null && typeof onRepair !== 'function') refuse('onRepair', 'a function', onRepair)
  return new FileDriver({
    folder: dir,
    durability,
    batchMs: batchMs ?? DEFAULT_BATCH_MS,
    fileSystem: fs,
    self: ownProcess(),
    journalBytes: JOURNAL_BYTES,
    onRepair,
    logger,
  })
}

function refuse(parameter: string, expected: string, got: unknown, advice?: string): never {
  throw invalidArgument(parameter, expected, got, {
    of: 'fileStore',
    error: StoreError,
    code: 'STORE_BAD_ARGUMENT',
    ...(advice === undefined ? {} : { advice }),
  })
}
