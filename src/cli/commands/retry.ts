import { checkWorkflow, engineOf, loadCode, notesOnCode } from '../code.ts'
import { execute } from '../execute.ts'
import { Hearing } from '../hearing.ts'
import { ioLogger } from '../io.ts'
import { withStoreOf } from '../subject.ts'
import { givenNote } from './change.ts'
import type { ArgsOf, CommandContext } from './command.ts'

/** `retry <run>`: tries the failed nodes of a run again, all or those named, and goes on with it. */
export async function retry(args: ArgsOf<'retry'>, { io, host, notes }: CommandContext): Promise<number> {
  const code = await loadCode(args)
  const { runId, acceptChange, command, nodes } = args
  return withStoreOf(runId, args.store, async (store, { workflowId }) => {
    if (code.workflow !== null) checkWorkflow(runId, workflowId, code.workflow)
    const hearing = new Hearing()
    const { listeners } = hearing
    const engine = engineOf({ ...code, store, logger: ioLogger(io), command, acceptChange, listeners })
    try {
      return await execute({
        io,
        host,
        runId,
        store: args.store,
        workflowFile: args.workflow,
        registryFile: args.registry,
        hearing,
        begin: () => engine.retry(runId, { ...(nodes.length === 0 ? {} : { nodes }), ...givenNote(args) }),
      })
    } catch (error) {
      notes.push(...notesOnCode(error, args))
      throw error
    }
  })
}
