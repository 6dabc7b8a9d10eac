import { explain } from '../../run/explain.ts'
import { reasonsText } from '../format/inspection-text.ts'
import type { ArgsOf, CommandContext } from './command.ts'
import { readInspected } from './inspect.ts'

/** `why <run-or-file> <node...>`: why a node ran, was skipped, failed or waits; of a nested run, by the ids that lead to it. */
export async function why(args: ArgsOf<'why'>, { io }: CommandContext): Promise<number> {
  const { graph, state, options } = await readInspected(args)
  const reasons = explain(graph, state, args.node, options)
  if (args.json) io.json(`${JSON.stringify(reasons)}\n`)
  else io.out(reasonsText(reasons, io.hasOutColor))
  return 0
}
