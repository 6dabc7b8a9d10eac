import { invalidArgument, readArgument } from '../base/argument.ts'
import { DefinitionError } from '../base/errors.ts'

const BRAND = Symbol.for('waystone.routed')

/**
 * What a handler returns to choose which edges are taken: of the edges with a `sourceHandle`, those whose handle it names.
 * Edges without one are taken anyhow. The node's output is `output` alone. Make one with {@link route}.
 */
export class Routed<Output = unknown> {
  /** The chosen handles; none: no edge with a handle is taken. */
  readonly handles: readonly string[]
  readonly output: Output

  constructor(handles: readonly string[], output: Output) {
    this.handles = Object.freeze([...handles])
    this.output = output
    Object.defineProperty(this, BRAND, { value: true })
    Object.freeze(this)
  }
}

/**
 * Chooses the outgoing edges a node's completion takes; to be returned by its handler.
 * @param handles - one handle, or several, or none (`[]`)
 * @param output - the node's output
 * @throws {DefinitionError} ARGUMENT_INVALID when a handle is not a string
 * @example
 * const flow = workflow('sized')
 *   .node('size', () => route('large', 12))
 *   .node('ship', [{ source: 'size', sourceHandle: 'large' }], ({ size }) => `freight of ${size}`)
 *   .node('post', [{ source: 'size', sourceHandle: 'small' }], () => 'letter')
 *   .build()
 * const executor = new DagExecutor(flow)
 * await executor.execute()
 * executor.saveSnapshot().results // { size: 12, ship: 'freight of 12' }
 */
export function route<Output = undefined>(handles: string | readonly string[], output?: Output): Routed<Output> {
  const list: unknown = typeof handles === 'string' ? [handles] : handles
  const error = DefinitionError
  return readArgument(
    'handles',
    () => {
      if (!Array.isArray(list) || !list.every((handle) => typeof handle === 'string')) {
        const advice = "names are strings like 'true'"
        throw invalidArgument('handles', 'the name of a handle or an array of names', handles, { advice, error })
      }
      return new Routed(list, output as Output)
    },
    { error },
  )
}

/** Whether a value came from {@link route}, of this copy of the package or another. Never throws. */
export function isRouted(value: unknown): value is Routed {
  try {
    return typeof value === 'object' && value !== null && (value as { readonly [BRAND]?: unknown })[BRAND] === true
  } catch {
    return false
  }
}

/**
 * Whether an edge with a `sourceHandle` is taken.
 * @param sourceHandle - the edge's handle
 * @param chosen - the handles its source chose with `route`; null when it chose none by name, and the output decides:
 * a string equal to the handle, or a boolean whose text, `true` or `false`, is
 * @param output - the source's output
 */
export function handleTaken(sourceHandle: string, chosen: readonly string[] | null, output: unknown): boolean {
  if (chosen !== null) return chosen.includes(sourceHandle)
  return output === sourceHandle || (typeof output === 'boolean' && String(output) === sourceHandle)
}
