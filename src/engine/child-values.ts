import { type Encoded, encodedText } from '../base/encoded.ts'
import { resolvePointer } from '../base/json-pointer.ts'
import type { ValueCodec } from '../base/values/codec.ts'
import { isPlainText } from '../base/values/plain.ts'
import type { Run } from '../run/run.ts'
import type { Code } from './attempt.ts'
import { setValue } from './values-by-node.ts'

/** The input of the run a node is, from the node's inputs. */
export function childInput(code: Code, run: Run, index: number, inputs: Readonly<Record<string, unknown>>): unknown {
  const { id, nested } = run.graph.nodes[index]!
  const { input } = nested!
  if (input === undefined) return inputs
  return typeof input === 'string' ? resolvePointer(inputs, input) : code.functions(id)!.input!(inputs)
}

/** The final output of a run as it is kept: see {@link RunOutcome.output}. */
export function finalOutput({ graph, state }: Run, codec: ValueCodec): Encoded {
  const { outStart, isStandIn, ids } = graph
  const outputs = ids.flatMap((id, index) => {
    const { status, output } = state.nodes[index]!
    const isTerminal = outStart[index] === outStart[index + 1] && isStandIn[index] === 0
    return isTerminal && status === 'completed' && output !== undefined ? [{ id, output }] : []
  })
  if (outputs.length === 0) return null
  if (outputs.length === 1) return outputs[0]!.output
  const texts = outputs.map(({ id, output }) => `${JSON.stringify(id)}:${encodedText(output)}`)
  const text = `{${texts.join(',')}}`
  // Texts can be joined where no name and no value says more than it seems to; the rest is read, each by itself. Names that
  // are numbers would come in another order when the text is read.
  if (isPlainText(text) && !outputs.some(({ id }) => /^\d+$/.test(id))) return { json: text }
  const values = {}
  for (const { id, output } of outputs) setValue(values, id, codec.decode(output))
  return codec.encode(values)
}
