import { createInterface } from 'node:readline'
import { isWaystoneError } from '../../src/base/errors.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { waitForSignal } from '../../src/nodes/builtin/wait-for-signal.ts'
import { fileStore } from '../../src/store/file/file-store.ts'
import { workflow } from '../../src/workflow/builder.ts'

// Starts and answers runs as it is told, and says what came of it: `start r`, `answer r a 5 key`, `end r`.
const [, , folder = ''] = process.argv
const flow = workflow('two')
  .node('a', waitForSignal<number>({ name: 'a', schema: { type: 'number' } }))
  .node('b', waitForSignal<number>({ name: 'b', timeoutMs: 3_600_000 }))
  .node('sum', ['a', 'b'], ({ a, b }) => a + b)
  .build()
const store = fileStore(folder)
const engine = createEngine({ store, workflows: [flow] })
console.log('ready')
for await (const line of createInterface({ input: process.stdin })) {
  const [what, runId = '', name = '', payload = '', idempotencyKey = ''] = line.split(' ')
  try {
    if (what === 'start') {
      const { result } = await engine.start(flow, undefined, { runId })
      console.log((await result).status)
    } else if (what === 'answer') {
      await engine.signal(runId, name, Number(payload), { idempotencyKey })
      console.log('recorded')
    } else {
      const { result } = await engine.resume(runId)
      const { status, output } = await result
      console.log(`${status} ${output}`)
    }
  } catch (error) {
    console.log(isWaystoneError(error) ? error.code : String(error))
  }
}
