import { blobOf, type Encoded, encodedFromText, encodedText, isTruncated } from '../base/encoded.ts'
import { resolvePointer } from '../base/json-pointer.ts'
import type { ValueCodec } from '../base/values/codec.ts'
import { isPlainText } from '../base/values/plain.ts'
import type { Run } from '../run/run.ts'
import { type Code, truncated } from './attempt.ts'
import type { BlobTexts } from './blobs.ts'
import { setValue } from './values-by-node.ts'

/** The input of the run a node is, from the node's inputs. */
export function childInput(code: Code, run: Run, index: number, inputs: Readonly<Record<string, unknown>>): unknown {
  const { id, nested } = run.graph.nodes[index]!
  const { input } = nested!
  if (input === undefined) return inputs
  return typeof input === 'string' ? resolvePointer(inputs, input) : code.functions(id)!.input!(inputs)
}

/** What the last nodes of a run gave, those that completed. */
export function lastOutputs({ graph, state }: Run): readonly { readonly id: string; readonly output: Encoded }[] {
  const { outStart, isStandIn, ids } = graph
  return ids.flatMap((id, index) => {
    const { status, output } = state.nodes[index]!
    const isTerminal = outStart[index] === outStart[index + 1] && isStandIn[index] === 0
    return isTerminal && status === 'completed' && output !== undefined ? [{ id, output }] : []
  })
}

/**
 * The final output of a run as it is kept: see {@link RunOutcome.output}.
 * @param texts - the outputs that are kept outside and are to stand in it; a single one may stay outside
 * @throws {SnapshotError} SNAPSHOT_TRUNCATED when one of several was dropped
 */
export function finalOutput(run: Run, codec: ValueCodec, texts: BlobTexts): Encoded {
  const outputs = lastOutputs(run).map(({ id, output }) => {
    const blob = blobOf(output)
    const text = blob === null ? undefined : texts.get(blob.digest)
    return { id, output: text === undefined ? output : encodedFromText(text) }
  })
  if (outputs.length === 0) return null
  if (outputs.length === 1) return outputs[0]!.output
  for (const { id, output } of outputs) if (isTruncated(output)) throw truncated(run.path.at(-1)!, id)
  const joined = outputs.map(({ id, output }) => `${JSON.stringify(id)}:${encodedText(output)}`)
  const text = `{${joined.join(',')}}`
  // Texts can be joined where no name and no value says more than it seems to; the rest is read, each by itself. Names that
  // are numbers would come in another order when the text is read.
  if (isPlainText(text) && !outputs.some(({ id }) => /^\d+$/.test(id))) return { json: text }
  const values = {}
  for (const { id, output } of outputs) setValue(values, id, codec.decode(output))
  return codec.encode(values)
}
