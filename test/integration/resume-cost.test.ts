import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/engine.ts'
import { fileStore } from '../../src/store/file/file-store.ts'
import { type FileSystem, nodeFileSystem } from '../../src/store/file/file-system.ts'
import { createWorkflow } from '../../src/workflow/create-workflow.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'

const folder = temporaryFolder()
const ids = (size: number) => Array.from({ length: size }, (_, index) => `n${index}`)

/** A chain of nodes, the last of which does what is given. */
const chainOf = (size: number, last: () => unknown) =>
  createWorkflow(
    {
      id: 'chain',
      version: '1.0.0',
      nodes: ids(size).map((id, index) => ({ id, type: index === size - 1 ? 'last' : 'step' })),
      edges: ids(size - 1).map((source, index) => ({ source, target: `n${index + 1}` })),
    },
    { handlers: { step: () => 1, last } },
  )

/** The real file system, and what it was called for until told to stop; syncs are counted and left out. */
function counted() {
  const calls: Record<string, number> = {}
  let bytesRead = 0
  let isOver = false
  const fs = Object.fromEntries(
    Object.entries(nodeFileSystem).map(([name, call]) => [
      name,
      (...given: never[]) => {
        if (!isOver) calls[name] = (calls[name] ?? 0) + 1
        if (name === 'read' && !isOver) bytesRead += (given as unknown as [number, Uint8Array])[1].length
        if (name.startsWith('sync')) return Promise.resolve()
        return (call as (...given: never[]) => unknown)(...given)
      },
    ]),
  ) as unknown as FileSystem
  const stop = () => {
    isOver = true
    return { calls, bytesRead }
  }
  return { fs, stop }
}

/** What a store does from the call of `resume` to the first new node, in a chain that was paused before its last. */
async function resumeOf(size: number) {
  const path = join(folder, String(size))
  let reached = () => {}
  const isReached = new Promise<void>((resolve) => {
    reached = resolve
  })
  const store = fileStore(path, { durability: 'exit' })
  const waiting = chainOf(size, () => {
    reached()
    return new Promise(() => {})
  })
  const engine = createEngine({ store, workflows: [waiting] })
  await engine.start(waiting, undefined, { runId: 'r' })
  await isReached
  await engine.pause('r', { deadlineMs: 0 })
  const { sizeBytes } = await store.stats()
  await store.close()

  const { fs, stop } = counted()
  const again = fileStore(path, { fs })
  const flow = chainOf(size, stop)
  const { result } = await createEngine({ store: again, workflows: [flow] }).resume('r')
  expect((await result).status).toBe('completed')
  await again.close()
  return { ...stop(), logBytes: sizeBytes }
}

describe('a resume from files', () => {
  it('costs as many calls of the file system however much was done, and reads the log once', async () => {
    const [few, many] = [await resumeOf(20), await resumeOf(400)]
    expect(many.calls).toEqual(few.calls)
    // For the summary its two ends, for the claim what the one before says, and then all of the log.
    expect(many.calls['read']).toBe(5)
    expect(many.calls['open']).toBe(3)
    expect(many.calls['syncData']).toBe(2)
    expect(many.bytesRead - many.logBytes).toBeLessThan(40_000)
    expect(many.logBytes).toBeGreaterThan(50_000)
  })
})
