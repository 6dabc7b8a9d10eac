import type { DagExecutor } from './dag-executor.ts'
import type { RunLoop } from './run-loop.ts'

/** The loops of executors, for those of this room who command them otherwise than the public may. */
const loops = new WeakMap<object, RunLoop>()

/** Remembers the loop of an executor; called by its constructor. */
export function rememberLoop(executor: object, loop: RunLoop): void {
  loops.set(executor, loop)
}

/** The loop of an executor. */
export function loopOf(executor: DagExecutor): RunLoop {
  return loops.get(executor)!
}
