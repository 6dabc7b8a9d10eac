import { quote, RunError } from '../base/errors.ts'
import type { JsonValue } from '../base/json.ts'
import type { SerializedError } from '../base/serialized-error.ts'
import { AttemptContext, type ContextHost } from './context.ts'
import { compensationKey } from './idempotency-key.ts'

/** The context of one attempt at the compensation of a node. It has what a node has, but for what goes on over attempts of a node. */
export class CompensationContext extends AttemptContext {
  readonly #runId: string
  readonly #path: readonly string[]

  /** @param why - what the run fails with; the handler finds it in `ctx.failure` */
  constructor(
    host: ContextHost,
    index: number,
    nodeId: string,
    attempt: number,
    data: JsonValue | undefined,
    why: SerializedError,
  ) {
    super(host, index, nodeId, attempt, data, why)
    this.#runId = host.state.runId
    this.#path = host.path
  }

  override get idempotencyKey(): string {
    return compensationKey(this.#runId, this.nodeId, this.#path)
  }

  override async step(): Promise<never> {
    throw notInCompensation(this, 'ctx.step')
  }

  override async checkpoint(): Promise<never> {
    throw notInCompensation(this, 'ctx.checkpoint')
  }

  override async sendSignal(): Promise<never> {
    throw notInCompensation(this, 'ctx.sendSignal')
  }
}

/** The refusal of what a compensation can not do. */
export function notInCompensation({ nodeId }: AttemptContext, what: string): RunError {
  return new RunError(
    'RUN_REJECTED',
    `${what} is not there in the compensation of node ${quote(nodeId)}; do what has to be done once by its ctx.idempotencyKey`,
    { details: { nodeId } },
  )
}
