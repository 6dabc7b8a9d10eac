import { UsageError } from '../../base/errors.ts'
import { createEngine } from '../../engine/engine.ts'
import { serialize } from '../../snapshot/serialize.ts'
import { writeWhole } from '../files.ts'
import { counted } from '../format/counted.ts'
import { printable } from '../format/printable.ts'
import { ioLogger } from '../io.ts'
import { withStoreOf } from '../subject.ts'
import type { ArgsOf, CommandContext } from './command.ts'

/** `save <run> -o file`: writes a run down as a snapshot, as its log tells it. Nobody has to let go of the run. */
export async function save(args: ArgsOf<'save'>, { io }: CommandContext): Promise<number> {
  const toStdout = args.output === '-'
  if (toStdout && args.compress)
    throw new UsageError('USAGE', 'gzip is not written to standard output; give -o a file, or leave --compress out')
  const snapshot = await withStoreOf(args.runId, args.store, (store) =>
    createEngine({ store, logger: ioLogger(io) }).snapshot(args.runId),
  )
  if (toStdout) {
    // Not escaped for a terminal, unless it goes to one: a document keeps its bytes.
    if (io.isOutTerminal) io.json(serialize(snapshot))
    else io.out(serialize(snapshot))
    return 0
  }
  const written = args.compress ? serialize(snapshot, { compress: 'gzip' }) : serialize(snapshot)
  await writeWhole(args.output, written)
  const sizeBytes = typeof written === 'string' ? Buffer.byteLength(written) : written.length
  const { id: runId, status, head } = snapshot.run
  if (args.json) {
    io.json(`${JSON.stringify({ runId, status, seq: head.seq, file: args.output, sizeBytes })}\n`)
    return 0
  }
  io.out(
    `saved run ${printable(runId)} (${status}, ${counted(head.seq, 'fact')}) to ${printable(args.output)}, ${counted(sizeBytes, 'byte')}\n`,
  )
  return 0
}
