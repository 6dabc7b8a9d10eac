import { DefinitionError, isWaystoneError, quote } from '../../base/errors.ts'
import { createEngine } from '../../engine/engine.ts'
import { builtins } from '../../nodes/builtin/builtins.ts'
import { createRegistry } from '../../nodes/registry.ts'
import type { Store } from '../../store/store.ts'
import type { Workflow } from '../../workflow/workflow.ts'
import { execute } from '../execute.ts'
import { ioLogger } from '../io.ts'
import { loadWorkflow } from '../load-workflow.ts'
import { withStoreOf } from '../subject.ts'
import type { ArgsOf, CommandContext } from './command.ts'

/** `resume <run>`: takes a run up where its log ends, on the workflow file given, else on the graph it recorded. */
export async function resume(args: ArgsOf<'resume'>, { io, host }: CommandContext): Promise<number> {
  const workflow = args.workflow === null ? null : await loadWorkflow(args.workflow)
  return withStoreOf(args.runId, args.store, async (store) => {
    if (workflow !== null) await checkWorkflow(store, args.runId, workflow)
    const engine = createEngine({
      store,
      registry: createRegistry(builtins),
      workflows: workflow === null ? [] : [workflow],
      logger: ioLogger(io),
      onWorkflowChange: args.acceptChange ? 'accept' : 'refuse',
    })
    try {
      return await execute({
        io,
        host,
        isJson: args.json,
        runId: args.runId,
        store: args.store,
        workflowFile: args.workflow,
        begin: () => engine.resume(args.runId),
      })
    } catch (error) {
      if (
        workflow === null &&
        (isWaystoneError(error, 'NODE_TYPE_MISSING') || isWaystoneError(error, 'NODE_CONDITION_FAILED'))
      ) {
        io.err('note: the run was made with code; give its file again with --workflow <file>\n')
      }
      if (isWaystoneError(error, 'WORKFLOW_CHANGED')) io.err('note: --accept-change goes on with the workflow given\n')
      throw error
    }
  })
}

/** The engine runs a workflow of another id as if none were given, so a wrong file is found here. */
async function checkWorkflow(store: Store, runId: string, { definition }: Workflow): Promise<void> {
  const summary = await store.get(runId)
  if (summary === null || summary.workflowId === definition.id) return
  throw new DefinitionError(
    'WORKFLOW_CHANGED',
    `run ${quote(runId)} is of workflow ${quote(summary.workflowId)}, and the file given has ${quote(definition.id)}`,
    { details: { runId, found: summary.workflowId, given: definition.id } },
  )
}
