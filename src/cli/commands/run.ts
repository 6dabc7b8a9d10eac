import { systemIds } from '../../engine/system.ts'
import { engineOf } from '../code.ts'
import { execute } from '../execute.ts'
import { readInput } from '../files.ts'
import { Hearing } from '../hearing.ts'
import { ioLogger } from '../io.ts'
import { loadEngineOptions } from '../load-engine-options.ts'
import { isModuleName } from '../load-module.ts'
import { loadRegistry, notesOnMissingCode } from '../load-registry.ts'
import { loadWorkflow } from '../load-workflow.ts'
import { withStore } from '../subject.ts'
import type { ArgsOf, CommandContext } from './command.ts'

/** `run <file>`: starts a run of a workflow file and executes it. */
export async function run(args: ArgsOf<'run'>, { io, host, notes }: CommandContext): Promise<number> {
  const workflow = await loadWorkflow(args.file)
  const registry = await loadRegistry(args.registry)
  const options = await loadEngineOptions([args.file, args.registry])
  const input = await readInput(args.input)
  const runId = args.runId ?? systemIds.newId()
  return withStore(args.store, async (store) => {
    const hearing = new Hearing()
    const { listeners } = hearing
    const engine = engineOf({ store, logger: ioLogger(io), command: args.command, registry, options, listeners })
    const config = args.concurrency === null ? {} : { concurrency: args.concurrency }
    try {
      return await execute({
        io,
        host,
        runId,
        store: args.store,
        workflowFile: isModuleName(args.file) ? args.file : null,
        registryFile: args.registry,
        hearing,
        begin: () => engine.start(workflow, input, { runId, ...config }),
      })
    } catch (error) {
      notes.push(...notesOnMissingCode(error, args))
      throw error
    }
  })
}
