import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { isWaystoneError } from '../../src/base/errors.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { fileStore } from '../../src/store/file/file-store.ts'
import { workflow } from '../../src/workflow/builder.ts'

// Starts or takes up each run it is told. Says `called <node> <key>` at each call of a handler, which returns at the next
// line it is sent; then how the run ended, or the code it was refused with.
const [, , folder = ''] = process.argv
const say = (line: string) => void writeSync(1, `${line}\n`)
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const step = async (inputs: object, ctx: { readonly nodeId: string; readonly idempotencyKey: string }) => {
  say(`called ${ctx.nodeId} ${ctx.idempotencyKey}`)
  await lines.next()
  return Object.values(inputs).reduce((sum: number, value) => sum + Number(value), 1)
}
const flow = workflow('chain', '1.0.0')
  .node('a', step)
  .node('b', ['a'], step)
  .node('c', ['b'], step)
  .node('d', ['c'], step)
  .build()
const silent = { debug() {}, info() {}, warn() {}, error() {} }
const engine = createEngine({ store: fileStore(folder), workflows: [flow], logger: silent })
say('ready')
for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
  const runId = line.value
  try {
    const known = await engine.get(runId)
    const { result } = known === null ? await engine.start(flow, undefined, { runId }) : await engine.resume(runId)
    const { status, results } = await result
    say(`ended ${status} ${JSON.stringify(results)}`)
  } catch (error) {
    say(`refused ${isWaystoneError(error) ? error.code : String(error)}`)
  }
}
