import type { Logger } from '../../base/ports.ts'
import type { Engine } from '../../engine/engine-interface.ts'
import type { SignalOptions } from '../../engine/signals.ts'
import { engineOf, loadCode, notesOnCode } from '../code.ts'
import { execute } from '../execute.ts'
import { readValue } from '../files.ts'
import { nameText, printable } from '../format/printable.ts'
import { hintCommand } from '../format/shell.ts'
import { Hearing } from '../hearing.ts'
import { ioLogger, messageOf } from '../io.ts'
import { lookAt, withStoreOf } from '../subject.ts'
import type { ArgsOf, CommandContext } from './command.ts'
import { checkWorkflow } from './resume.ts'

/**
 * `signal <run> <name> [payload]` and `answer <run> <wait-id> [payload]`: records what a run waits for. When the run waits for
 * it and its code is here, it goes on; else it has to be resumed.
 */
export async function signal(args: ArgsOf<'signal' | 'answer'>, context: CommandContext): Promise<number> {
  const { io, host, notes } = context
  const { runId, acceptChange, command } = args
  const code = await loadCode(args)
  const payload = await readValue(args.payload, 'the payload')
  return withStoreOf(runId, args.store, async (store, { workflowId }) => {
    if (code.workflow !== null) checkWorkflow(runId, workflowId, code.workflow)
    const hearing = new Hearing()
    const { listeners } = hearing
    const obstacle = new Obstacle(ioLogger(io))
    const engine = engineOf({ ...code, store, logger: obstacle.logger, command, acceptChange, listeners })
    const { state: before } = await lookAt(store, runId)
    await send(engine, args, payload)
    const handle = engine.executing(runId)
    const files = { runId, store: args.store, workflowFile: args.workflow, registryFile: args.registry }
    if (handle !== null) return execute({ io, host, ...files, hearing, before, begin: async () => handle })

    const { status = 'waiting', seq = 0 } = (await store.get(runId)) ?? {}
    const hint = hintCommand('resume', files)
    const members = args.command === 'signal' ? { name: args.name } : { waitId: args.waitId }
    if (args.json) {
      io.json(`${JSON.stringify({ type: 'recorded', runId, status, seq, ...members, resumeCommand: hint })}\n`)
    } else {
      const what =
        args.command === 'signal'
          ? `signal ${nameText(args.name, 100)}`
          : `answer to the wait ${nameText(args.waitId, 100)}`
      io.out(`recorded the ${what} for run ${printable(runId)} (${status})\n`)
      io.out(`resume with: ${printable(hint)}\n`)
    }
    if (obstacle.error !== null) {
      notes.push(...notesOnCode(obstacle.error, args))
      io.err(
        `note: the run has to be resumed, since it could not go on here: ${printable(messageOf(obstacle.error))}\n`,
      )
      for (const note of notes) io.err(`note: ${note}\n`)
    }
    return 0
  })
}

async function send(engine: Engine, args: ArgsOf<'signal' | 'answer'>, payload: unknown): Promise<void> {
  const options: SignalOptions = args.key === null ? {} : { idempotencyKey: args.key }
  if (args.command === 'signal') await engine.signal(args.runId, args.name, payload, options)
  else await engine.answer(args.runId, args.waitId, payload, options)
}

/** Hears why the engine can't go on with a run, which it says as a note alone. */
class Obstacle {
  error: unknown = null
  readonly logger: Logger

  constructor(logger: Logger) {
    this.logger = {
      ...logger,
      info: (message, details) => {
        const { nodeId, error } = (details ?? {}) as { readonly nodeId?: unknown; readonly error?: unknown }
        if (nodeId === undefined && error !== undefined) this.error = error
        else logger.info(message, details)
      },
    }
  }
}
