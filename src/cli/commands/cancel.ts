import { engineOf } from '../code.ts'
import { printable } from '../format/printable.ts'
import { hintCommand } from '../format/shell.ts'
import { ioLogger } from '../io.ts'
import { withStoreOf } from '../subject.ts'
import type { ArgsOf, CommandContext } from './command.ts'

/** `cancel <run>`: ends a run that executes nowhere for good; one that has to compensate does so when it is resumed. */
export async function cancel(args: ArgsOf<'cancel'>, { io }: CommandContext): Promise<number> {
  const { runId, command, why, compensate } = args
  return withStoreOf(runId, args.store, async (store) => {
    const engine = engineOf({ store, logger: ioLogger(io), command })
    await engine.cancel(runId, why ?? 'asked for at the command line', compensate === null ? {} : { compensate })
    const { status = 'canceled', seq = 0 } = (await store.get(runId)) ?? {}
    const isOver = status === 'canceled'
    const hint = hintCommand('resume', { runId, store: args.store, workflowFile: null, registryFile: null })
    if (args.json) {
      io.json(`${JSON.stringify({ type: command, runId, status, seq, resumeCommand: isOver ? null : hint })}\n`)
      return 0
    }
    if (isOver) {
      io.out(`canceled run ${printable(runId)}\n`)
      return 0
    }
    io.out(`run ${printable(runId)} (${status}) is canceled once it has compensated for what it did\n`)
    io.out(`resume with: ${printable(hint)}\n`)
    return 0
  })
}
