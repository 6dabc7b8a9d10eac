import type { Encoded } from '../base/encoded.ts'
import type { BlobStore, Clock } from '../base/ports.ts'
import type { ValueCodec } from '../base/values/codec.ts'
import type { AttemptContext, ContextHost } from '../nodes/context.ts'
import type { RunCommand } from '../run/command.ts'
import type { Run } from '../run/run.ts'
import type { RunState } from '../run/state.ts'
import type { NodeLogger } from '../workflow/handler.ts'
import type { Code } from './attempt.ts'
import { Attempts } from './attempts.ts'
import type { Reuse } from './reuse.ts'

/** What the loop is for the runs of its tree. */
export interface Shell {
  readonly codec: ValueCodec
  readonly services: object
  readonly clock: Clock
  readonly blobs: BlobStore | null
  readonly reuse: Reuse | null
  /** Takes what became of an attempt, to be decided in the next turn. */
  post(scope: RunScope, command: RunCommand): void
  /** Asks for a turn. */
  wake(): void
  /** Decides what a handler sends to the run as a whole. @returns once it is on record */
  sendSignal(name: string, payload: Encoded, idempotencyKey: string): Promise<void>
  /** Decides what a handler reports while it runs. @returns once it is on record @throws the rejection as a typed error */
  report(scope: RunScope, command: RunCommand): Promise<void>
  log(
    scope: RunScope,
    attempt: AttemptContext,
    level: keyof NodeLogger,
    message: string,
    details: object | undefined,
  ): void
  progress(scope: RunScope, attempt: AttemptContext, fraction: number, text: string | undefined): void
}

/** One run of the tree a loop drives, the root or one nested in it: its code and its attempts in flight. */
export class RunScope implements ContextHost {
  readonly run: Run
  readonly code: Code
  readonly attempts: Attempts
  readonly codec: ValueCodec
  readonly services: object
  readonly path: readonly string[]
  readonly #shell: Shell

  constructor(shell: Shell, run: Run, code: Code) {
    this.#shell = shell
    this.run = run
    this.code = code
    this.codec = shell.codec
    this.services = shell.services
    this.path = visitedPath(run)
    this.attempts = new Attempts({
      host: this,
      code,
      clock: shell.clock,
      blobs: shell.blobs,
      reuse: shell.reuse,
      report: (command) => shell.post(this, command),
      wake: () => shell.wake(),
    })
  }

  get state(): RunState {
    return this.run.state
  }

  now(): number {
    return this.#shell.clock.now()
  }

  addUsage({ index, attempt, place: item }: AttemptContext, resource: string, amount: number): Promise<void> {
    return this.#shell.report(this, { type: 'usage.add', index, attempt, item, resource, amount })
  }

  completeStep({ index, attempt, place: item }: AttemptContext, name: string, output: Encoded): Promise<void> {
    return this.#shell.report(this, { type: 'step.complete', index, attempt, item, name, output })
  }

  checkpoint({ index, attempt, place: item }: AttemptContext, value: Encoded): Promise<void> {
    return this.#shell.report(this, { type: 'node.checkpoint', index, attempt, item, value })
  }

  sendSignal(name: string, payload: Encoded, idempotencyKey: string): Promise<void> {
    return this.#shell.sendSignal(name, payload, idempotencyKey)
  }

  log(attempt: AttemptContext, level: keyof NodeLogger, message: string, details: object | undefined): void {
    this.#shell.log(this, attempt, level, message, details)
  }

  progress(attempt: AttemptContext, fraction: number, text: string | undefined): void {
    this.#shell.progress(this, attempt, fraction, text)
  }
}

/** The nodes that lead to a run, those that are visited again with the number of the visit: what tells its effects from all others. */
function visitedPath(run: Run): readonly string[] {
  const path: string[] = []
  for (let at = run; at.parent !== null; at = at.parent) {
    const { visits = 0 } = at.parent.state.nodes[at.host]!.parts ?? {}
    const id = at.parent.graph.ids[at.host]!.replaceAll('%', '%25').replaceAll('@', '%40')
    path.unshift(visits === 0 ? id : `${id}@${visits + 1}`)
  }
  return path
}
