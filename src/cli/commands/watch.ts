import { systemClock } from '../../engine/system.ts'
import { withStoreOf } from '../subject.ts'
import { watchRun } from '../watch-run.ts'
import type { ArgsOf, CommandContext } from './command.ts'

/** `watch <run>`: shows a run that any process may execute, live, until it has ended. */
export async function watch(args: ArgsOf<'watch'>, { io }: CommandContext): Promise<number> {
  const { runId, isOnce } = args
  return withStoreOf(runId, args.store, (store) => watchRun({ io, store, runId, isOnce, clock: systemClock }))
}
