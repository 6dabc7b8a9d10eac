import { engineOf } from '../code.ts'
import { printable } from '../format/printable.ts'
import { ioLogger } from '../io.ts'
import { withStoreOf } from '../subject.ts'
import type { ArgsOf, CommandContext } from './command.ts'

/** `token <run> <wait-id>`: a token with which its holder may answer a wait, once. It is printed here, and kept nowhere. */
export async function token(args: ArgsOf<'token'>, { io }: CommandContext): Promise<number> {
  const { runId, waitId, expiresInMs, command } = args
  return withStoreOf(runId, args.store, async (store) => {
    const engine = engineOf({ store, logger: ioLogger(io), command })
    const issued = await engine.issueToken(runId, waitId, expiresInMs === null ? {} : { expiresInMs })
    if (args.json) io.json(`${JSON.stringify({ type: 'token', runId, waitId, expiresInMs, token: issued })}\n`)
    else io.out(`${printable(issued)}\n`)
    return 0
  })
}
