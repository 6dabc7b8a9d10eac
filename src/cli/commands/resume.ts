import { checkWorkflow, engineOf, loadCode, notesOnCode } from '../code.ts'
import { execute } from '../execute.ts'
import { Hearing } from '../hearing.ts'
import { ioLogger } from '../io.ts'
import { withStoreOf } from '../subject.ts'
import type { ArgsOf, CommandContext } from './command.ts'

/** `resume <run>`: takes a run up where its log ends, on the workflow file given, else on the graph it recorded. */
export async function resume(args: ArgsOf<'resume'>, { io, host, notes }: CommandContext): Promise<number> {
  const code = await loadCode(args)
  const { runId, acceptChange, command } = args
  return withStoreOf(runId, args.store, async (store, { workflowId }) => {
    if (code.workflow !== null) checkWorkflow(runId, workflowId, code.workflow)
    const hearing = new Hearing()
    const { listeners } = hearing
    const engine = engineOf({ ...code, store, logger: ioLogger(io), command, acceptChange, listeners })
    const config = args.concurrency === null ? {} : { concurrency: args.concurrency }
    try {
      return await execute({
        io,
        host,
        runId,
        store: args.store,
        workflowFile: args.workflow,
        registryFile: args.registry,
        hearing,
        begin: () => engine.resume(runId, config),
      })
    } catch (error) {
      notes.push(...notesOnCode(error, args))
      throw error
    }
  })
}
