import { describe, expect, it } from 'vitest'
import { DagExecutor } from '../../src/engine/dag-executor.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { executeFromSnapshot } from '../../src/engine/load.ts'
import { serialize } from '../../src/snapshot/serialize.ts'
import { memoryStore } from '../../src/store/memory/memory-driver.ts'
import { workflow } from '../../src/workflow/builder.ts'
import { recordingLogger } from '../helpers/run-control.ts'

/** Two nodes, of which the second fails until it is mended; `version` is that of the first node's logic. */
const flowOf = (version: string, isMended: boolean, calls: string[] = []) =>
  workflow('changing', '1.0.0')
    .node('first', () => calls.push('first'), { version })
    .node('second', ['first'], ({ first }) => {
      if (!isMended) throw new Error('not yet')
      calls.push('second')
      return first * 10
    })
    .build()

async function failedDocument(): Promise<string> {
  const executor = new DagExecutor(flowOf('1', false), { logger: recordingLogger() })
  await executor.execute()
  return serialize(executor.saveSnapshot())
}

describe('a workflow that changed since its run was saved', () => {
  it('is refused by default with what changed, node by node, and by a stored run alike', async () => {
    const changed = expect.objectContaining({
      code: 'WORKFLOW_CHANGED',
      details: expect.objectContaining({
        changes: [{ nodeId: 'first', change: 'changed', what: ['version'] }],
      }) as object,
    })
    await expect(executeFromSnapshot(await failedDocument(), flowOf('2', true))).rejects.toEqual(changed)
    const store = memoryStore()
    const logger = recordingLogger()
    const first = createEngine({ store, workflows: [flowOf('1', false)], logger })
    await (await first.start('changing', undefined, { runId: 'r' })).result
    const next = createEngine({ store, workflows: [flowOf('2', true)], logger })
    await expect(next.resume('r')).rejects.toEqual(changed)
  })

  it.each([
    ['accept', 0],
    ['warn', 1],
  ] as const)('goes on with %s, keeps what had completed, and logs %i warnings', async (onWorkflowChange, warnings) => {
    const calls: string[] = []
    const logger = recordingLogger()
    const flow = flowOf('2', true, calls)
    const { output } = await executeFromSnapshot(await failedDocument(), flow, { onWorkflowChange, logger })
    expect(output).toBe(10)
    expect(calls).toEqual(['second'])
    expect(logger.lines.filter((line) => line.startsWith('warn: the workflow of run'))).toHaveLength(warnings)
  })

  it('leaves the change on record', async () => {
    const fingerprints: string[] = []
    await executeFromSnapshot(await failedDocument(), flowOf('2', true), {
      onWorkflowChange: 'accept',
      listeners: { 'run.resumed': ({ data }) => void fingerprints.push(data.fingerprint ?? '') },
    })
    expect(fingerprints).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)])
  })
})
