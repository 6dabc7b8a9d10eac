import { createEngine } from '../../engine/engine.ts'
import { systemIds } from '../../engine/system.ts'
import { execute } from '../execute.ts'
import { readInput } from '../files.ts'
import { ioLogger } from '../io.ts'
import { isModuleName, loadWorkflow } from '../load-workflow.ts'
import { withStore } from '../subject.ts'
import type { ArgsOf, CommandContext } from './command.ts'

/** `run <file>`: starts a run of a workflow file and executes it. */
export async function run(args: ArgsOf<'run'>, { io, host }: CommandContext): Promise<number> {
  const workflow = await loadWorkflow(args.file)
  const input = await readInput(args.input)
  const runId = args.runId ?? systemIds.newId()
  return withStore(args.store, (store) => {
    const engine = createEngine({ store, logger: ioLogger(io) })
    return execute({
      io,
      host,
      isJson: args.json,
      runId,
      store: args.store,
      workflowFile: isModuleName(args.file) ? args.file : null,
      begin: () => engine.start(workflow, input, { runId }),
    })
  })
}
