import { isWaystoneError, type WaystoneError } from '../base/errors.ts'
import type { RunPage } from '../store/driver.ts'
import type { Store } from '../store/store.ts'
import { notTakenUp } from './engine-errors.ts'
import type { Recovery, RunHandle } from './run-handle.ts'

/**
 * Takes up every run of a store whose process ended without finishing it, but for those that execute here.
 * @param wake - takes up a waiting run when what it waits for has come; null when it has not
 */
export async function recoverRuns(
  store: Store,
  isActive: (runId: string) => boolean,
  resume: (runId: string) => Promise<RunHandle>,
  wake: (runId: string) => Promise<RunHandle | null>,
): Promise<Recovery> {
  const resumed: RunHandle[] = []
  const held: string[] = []
  const failed: { runId: string; error: WaystoneError }[] = []
  for (let cursor: string | null = null, isFirst = true; isFirst || cursor !== null; isFirst = false) {
    const page: RunPage = await store.list({ statuses: ['running', 'pending', 'waiting'], cursor })
    for (const { runId, status } of page.runs) {
      if (isActive(runId)) continue
      try {
        const handle = await (status === 'waiting' ? wake(runId) : resume(runId))
        if (handle !== null) resumed.push(handle)
      } catch (error) {
        if (isWaystoneError(error, 'STORE_HELD')) held.push(runId)
        else failed.push({ runId, error: notTakenUp(runId, error) })
      }
    }
    cursor = page.cursor
  }
  return { resumed, held, failed }
}
