import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { quote, StoreError } from '../base/errors.ts'
import { createCodec } from '../base/values/codec.ts'
import { readRun } from '../engine/stored-run.ts'
import type { Run } from '../run/run.ts'
import type { RunState } from '../run/state.ts'
import { deserialize } from '../snapshot/deserialize.ts'
import { restoreState } from '../snapshot/restore.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { RunSummary } from '../store/driver.ts'
import { fileStore } from '../store/file/file-store.ts'
import type { Store } from '../store/store.ts'
import { buildGraph, type Graph } from '../workflow/graph.ts'
import { parseWorkflow } from '../workflow/parse.ts'
import type { Workflow } from '../workflow/workflow.ts'
import { readBytes, textOf } from './files.ts'
import { shellQuoted } from './format/shell.ts'
import { isModuleName } from './load-module.ts'
import { isFileName, isSnapshot, loadWorkflow } from './load-workflow.ts'
import { DEFAULT_STORE } from './options.ts'

/** Looks at values of classes nobody registered as their data. */
export const lookingCodec = createCodec({ unknownClasses: 'opaque' })

/** What a command looks at: a workflow, or a run as a snapshot file or the store tells it. */
export type Subject =
  | { readonly kind: 'workflow'; readonly workflow: Workflow }
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot; readonly state: RunState; readonly graph: Graph }
  | { readonly kind: 'run'; readonly state: RunState; readonly graph: Graph }

/**
 * What a name on the command line stands for: a file that is there, when the name has a folder or a known ending; else a run
 * of the store; else a file of that name.
 * @throws {StoreError} STORE_NOT_FOUND
 * @throws {WaystoneError} CLI_FILE and whatever is wrong with the file
 */
export async function readSubject(name: string, storeDir: string): Promise<Subject> {
  const looksLikeFile = isFileName(name)
  if (looksLikeFile && existsSync(name)) return readFileSubject(name)
  if (name !== '' && isStore(storeDir)) {
    const found = await withStore(storeDir, async (store) =>
      (await store.get(name)) === null ? null : lookAt(store, name),
    )
    if (found !== null) return { kind: 'run', state: found.state, graph: found.graph }
  }
  if (looksLikeFile || existsSync(name)) return readFileSubject(name)
  throw unknownRun(name, storeDir, 'no file of that name')
}

/**
 * The workflow or snapshot of a file.
 * @throws {WaystoneError} CLI_FILE and whatever is wrong with the file
 */
export async function readFileSubject(path: string): Promise<Subject> {
  if (isModuleName(path)) return { kind: 'workflow', workflow: await loadWorkflow(path) }
  const bytes = await readBytes(path)
  if (!isSnapshot(bytes)) return { kind: 'workflow', workflow: parseWorkflow(textOf(bytes, path)) }
  const snapshot = deserialize(bytes, { codec: lookingCodec })
  const state = restoreState(snapshot, { now: Date.parse(snapshot.snapshotTime), cache: 'frozen' })
  return { kind: 'snapshot', snapshot, state, graph: buildGraph(state.workflow) }
}

/** A run as its log tells it, to be looked at. */
export async function lookAt(store: Store, runId: string): Promise<Run> {
  return (await readRun(store, runId, { codec: lookingCodec })).run
}

/** Whether a folder is a store: opening any other would make it one. What is no folder is opened too, which says what is wrong. */
export function isStore(dir: string): boolean {
  if (statSync(dir, { throwIfNoEntry: false })?.isDirectory() === false) return true
  return existsSync(join(dir, 'runs')) || existsSync(join(dir, 'journal'))
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

/**
 * A store that is there already and has a run, so that looking makes no folder.
 * @throws {StoreError} STORE_NOT_FOUND
 */
export async function withStoreOf<T>(
  runId: string,
  dir: string,
  work: (store: Store, summary: RunSummary) => Promise<T>,
): Promise<T> {
  if (!isStore(dir)) throw unknownRun(runId, dir, fileNote(runId))
  return withStore(dir, async (store) => {
    const summary = await store.get(runId)
    if (summary === null) throw unknownRun(runId, dir, fileNote(runId))
    return work(store, summary)
  })
}

/** What to say of a file where a run of the store is asked for. */
function fileNote(name: string): string | null {
  const isFile = name !== '' && isFileName(name) && existsSync(name)
  return isFile ? 'this command takes no file (a snapshot is taken up in code, by executeFromSnapshot)' : null
}

function unknownRun(runId: string, dir: string, alsoMissing: string | null = null): StoreError {
  const list = dir === DEFAULT_STORE ? 'waystone ls' : `waystone ls --store ${shellQuoted(dir)}`
  const also = alsoMissing === null ? '' : `, and ${alsoMissing}`
  const message = isStore(dir)
    ? `there is no run ${quote(runId)} in the store ${quote(dir)}${also}; ${list} lists the runs`
    : `there is no run ${quote(runId)}, since there is no store at ${quote(dir)}${also}; name its folder with --store`
  return new StoreError('STORE_NOT_FOUND', message, { details: { runId, store: dir } })
}
