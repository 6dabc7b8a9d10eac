import { isWaystoneError } from '../../base/errors.ts'
import type { Logger } from '../../base/ports.ts'
import type { Engine } from '../../engine/engine-interface.ts'
import { tokenInvalid, tokenParts } from '../../engine/tokens.ts'
import { listed } from '../../run/listed.ts'
import { checkWorkflow, engineOf, loadCode, notesOnCode } from '../code.ts'
import { execute } from '../execute.ts'
import { readToken, readValue } from '../files.ts'
import { nameText, printable } from '../format/printable.ts'
import { hintCommand } from '../format/shell.ts'
import { Hearing } from '../hearing.ts'
import { ioLogger, messageOf } from '../io.ts'
import { lookAt, withStoreOf } from '../subject.ts'
import type { ArgsOf, CommandContext } from './command.ts'

/**
 * `signal <run> <name> [payload]`, `answer <run> <wait-id> [payload]` and `answer --token <token> [payload]`: records what a run
 * waits for. When the run waits for it and its code is here, it goes on; else it has to be resumed.
 */
export async function signal(args: ArgsOf<'signal' | 'answer'>, context: CommandContext): Promise<number> {
  const { io, host, notes } = context
  const { acceptChange, command } = args
  const delivery = await deliveryOf(args)
  const { runId } = delivery
  const code = await loadCode(args)
  const payload = await readValue(args.payload, 'the payload')
  return found(delivery, args.store, async (store, { workflowId }) => {
    if (code.workflow !== null) checkWorkflow(runId, workflowId, code.workflow)
    const hearing = new Hearing()
    const { listeners } = hearing
    const obstacle = new Obstacle(ioLogger(io))
    const engine = engineOf({ ...code, store, logger: obstacle.logger, command, acceptChange, listeners })
    const { state: before } = await lookAt(store, runId)
    await delivery.send(engine, payload)
    const handle = engine.executing(runId)
    const files = { runId, store: args.store, workflowFile: args.workflow, registryFile: args.registry }
    if (handle !== null) return execute({ io, host, ...files, hearing, before, begin: async () => handle })

    const { status = 'waiting', seq = 0 } = (await store.get(runId)) ?? {}
    const hint = hintCommand('resume', files)
    if (args.json) {
      const { members } = delivery
      io.json(`${JSON.stringify({ type: 'recorded', runId, status, seq, ...members, resumeCommand: hint })}\n`)
    } else {
      io.out(`recorded the ${delivery.what} for run ${printable(runId)} (${status})\n`)
      io.out(`resume with: ${printable(hint)}\n`)
    }
    if (obstacle.error !== null) {
      io.err(`note: the run has to be resumed, since it could not go on here: ${printable(reasonOf(obstacle.error))}\n`)
      notes.push(...notesOnCode(obstacle.error, args))
      for (const note of notes) io.err(`note: ${note}\n`)
    }
    return 0
  })
}

/** What is delivered to which run. */
interface Delivery {
  readonly runId: string
  readonly isToken: boolean
  /** What names it: members of the JSON document, and a text. */
  readonly members: object
  readonly what: string
  readonly send: (engine: Engine, payload: unknown) => Promise<void>
}

async function deliveryOf(args: ArgsOf<'signal' | 'answer'>): Promise<Delivery> {
  if ('token' in args) {
    const token = await readToken(args.token)
    const { runId, waitId } = tokenParts(token)
    const send = (engine: Engine, payload: unknown) => engine.answerToken(token, payload)
    return { runId, isToken: true, members: { waitId }, what: answerText(waitId), send }
  }
  const { runId } = args
  const options = args.key === null ? {} : { idempotencyKey: args.key }
  if (args.command === 'answer') {
    const { waitId } = args
    const send = (engine: Engine, payload: unknown) => engine.answer(runId, waitId, payload, options)
    return { runId, isToken: false, members: { waitId }, what: answerText(waitId), send }
  }
  const { name } = args
  const send = (engine: Engine, payload: unknown) => engine.signal(runId, name, payload, options)
  return { runId, isToken: false, members: { name }, what: `signal ${nameText(name, 100)}`, send }
}

function answerText(waitId: string): string {
  return `answer to the wait ${nameText(waitId, 100)}`
}

/** Works on the run of a delivery; a token for a run that is not there is no good, like any that is not. */
async function found<T>(
  { runId, isToken }: Delivery,
  store: string,
  work: Parameters<typeof withStoreOf<T>>[2],
): Promise<T> {
  try {
    return await withStoreOf(runId, store, work)
  } catch (error) {
    throw isToken && isWaystoneError(error, 'STORE_NOT_FOUND') ? tokenInvalid() : error
  }
}

/** Why a run could not go on. What the engine advises is for programs; for people, notes say which options bring code. */
function reasonOf(error: unknown): string {
  const { types } = isWaystoneError(error, 'NODE_TYPE_MISSING') ? error.details : {}
  if (!Array.isArray(types)) return messageOf(error)
  return `no handler is given for ${types.length === 1 ? 'its node type' : 'its node types'} ${listed(types.map(String), 5)}`
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
