import { DefinitionError, isWaystoneError, quote } from '../../base/errors.ts'
import { createEngine } from '../../engine/engine.ts'
import type { Workflow } from '../../workflow/workflow.ts'
import { execute } from '../execute.ts'
import { ioLogger } from '../io.ts'
import { loadRegistry, notesOnMissingCode } from '../load-registry.ts'
import { loadWorkflow } from '../load-workflow.ts'
import { withStoreOf } from '../subject.ts'
import type { ArgsOf, CommandContext } from './command.ts'

/** `resume <run>`: takes a run up where its log ends, on the workflow file given, else on the graph it recorded. */
export async function resume(args: ArgsOf<'resume'>, { io, host, notes }: CommandContext): Promise<number> {
  const workflow = args.workflow === null ? null : await loadWorkflow(args.workflow)
  const registry = await loadRegistry(args.registry)
  return withStoreOf(args.runId, args.store, async (store, { workflowId }) => {
    if (workflow !== null) checkWorkflow(args.runId, workflowId, workflow)
    const engine = createEngine({
      store,
      workflows: workflow === null ? [] : [workflow],
      logger: ioLogger(io),
      onWorkflowChange: args.acceptChange ? 'accept' : 'refuse',
      ...(registry === null ? {} : { registry }),
    })
    const config = args.concurrency === null ? {} : { concurrency: args.concurrency }
    try {
      return await execute({
        io,
        host,
        runId: args.runId,
        store: args.store,
        workflowFile: args.workflow,
        registryFile: args.registry,
        begin: () => engine.resume(args.runId, config),
      })
    } catch (error) {
      notes.push(...notesOnMissingCode(error, args))
      if (isWaystoneError(error, 'WORKFLOW_CHANGED')) notes.push('--accept-change goes on with the workflow given')
      throw error
    }
  })
}

/**
 * The engine runs a workflow of another id as if none were given, so a wrong file is found here.
 * @throws {DefinitionError} WORKFLOW_CHANGED
 */
export function checkWorkflow(runId: string, found: string, { definition }: Workflow): void {
  if (found === definition.id) return
  throw new DefinitionError(
    'WORKFLOW_CHANGED',
    `run ${quote(runId)} is of workflow ${quote(found)}, and the file given has ${quote(definition.id)}; give the file the run was made with`,
    { details: { runId, found, given: definition.id } },
  )
}
