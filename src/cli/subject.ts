import { existsSync } from 'node:fs'
import { quote, StoreError } from '../base/errors.ts'
import { readRun } from '../engine/stored-run.ts'
import type { RunState } from '../run/state.ts'
import { deserialize } from '../snapshot/deserialize.ts'
import { restoreState } from '../snapshot/restore.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { fileStore } from '../store/file/file-store.ts'
import type { Store } from '../store/store.ts'
import { buildGraph, type Graph } from '../workflow/graph.ts'
import { parseWorkflow } from '../workflow/parse.ts'
import type { Workflow } from '../workflow/workflow.ts'
import { readBytes, textOf } from './files.ts'
import { isFileName, isModuleName, loadWorkflow } from './load-workflow.ts'

/** What a command looks at: a workflow, or a run as a snapshot file or the store tells it. */
export type Subject =
  | { readonly kind: 'workflow'; readonly workflow: Workflow }
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot; readonly state: RunState; readonly graph: Graph }
  | { readonly kind: 'run'; readonly state: RunState; readonly graph: Graph }

/**
 * What a name on the command line stands for: a file when it has a folder or a known ending; else a run of the store;
 * else a file of that name.
 * @throws {StoreError} STORE_NOT_FOUND
 * @throws {WaystoneError} CLI_FILE and whatever is wrong with the file
 */
export async function readSubject(name: string, storeDir: string): Promise<Subject> {
  if (isFileName(name)) return readFileSubject(name)
  if (existsSync(storeDir)) {
    const found = await withStore(storeDir, async (store) =>
      (await store.get(name)) === null ? null : readRun(store, name),
    )
    if (found !== null) return { kind: 'run', state: found.run.state, graph: found.run.graph }
  }
  if (existsSync(name)) return readFileSubject(name)
  throw unknownRun(name, storeDir)
}

/** The subject in a file; JSON that begins with its format, and gzip, is a snapshot, anything else a workflow. */
async function readFileSubject(path: string): Promise<Subject> {
  if (isModuleName(path)) return { kind: 'workflow', workflow: await loadWorkflow(path) }
  const bytes = await readBytes(path)
  if (isSnapshot(bytes)) {
    const snapshot = deserialize(bytes)
    const state = restoreState(snapshot, { now: Date.parse(snapshot.snapshotTime), cache: 'frozen' })
    return { kind: 'snapshot', snapshot, state, graph: buildGraph(state.workflow) }
  }
  return { kind: 'workflow', workflow: parseWorkflow(textOf(bytes, path)) }
}

/** By its first bytes alone: a snapshot's `format` stands first, whoever wrote it. */
function isSnapshot(bytes: Uint8Array): boolean {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return true
  return /^\s*\{\s*"format"\s*:/.test(new TextDecoder().decode(bytes.subarray(0, 1024)))
}

/** A store for as long as some work takes. */
export async function withStore<T>(dir: string, work: (store: Store) => Promise<T>): Promise<T> {
  const store = fileStore(dir)
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

/** A store that is there already, so that looking makes no folder. @throws {StoreError} STORE_NOT_FOUND */
export async function withStoreOf<T>(runId: string, dir: string, work: (store: Store) => Promise<T>): Promise<T> {
  if (!existsSync(dir)) throw unknownRun(runId, dir)
  return withStore(dir, async (store) => {
    if ((await store.get(runId)) === null) throw unknownRun(runId, dir)
    return work(store)
  })
}

function unknownRun(runId: string, dir: string): StoreError {
  return new StoreError(
    'STORE_NOT_FOUND',
    `there is no run ${quote(runId)} in the store ${quote(dir)}, and no such file; waystone ls lists the runs`,
    {
      details: { runId, store: dir },
    },
  )
}
