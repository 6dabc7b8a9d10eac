import { invalidArgument, readArgument } from '../base/argument.ts'

/** A node of a run: its id; of a nested run the ids that lead to it, from the outermost node on. */
export type NodePath = string | readonly string[]

/** What a {@link NodePath} is, for messages. */
export const NODE_PATH = 'the id of a node, or the ids that lead to it'

/** The ids that lead to a node, its own last. @throws {WaystoneError} ARGUMENT_INVALID */
export function pathOf(node: NodePath, of: string): readonly string[] {
  return readArgument(
    'node',
    () => {
      const ids: unknown = typeof node === 'string' ? [node] : node
      if (Array.isArray(ids) && ids.length > 0 && ids.every((id) => typeof id === 'string')) return [...ids]
      throw invalidArgument('node', NODE_PATH, node, { of })
    },
    { of },
  )
}
