import { runJson, runText, workflowText } from '../format/run-text.ts'
import { readSubject } from '../subject.ts'
import type { ArgsOf, CommandContext } from './command.ts'

/** `show <run-or-file>`: a run, a snapshot or a workflow, node by node. */
export async function show(args: ArgsOf<'show'>, { io }: CommandContext): Promise<number> {
  const subject = await readSubject(args.subject, args.store)
  if (args.json) {
    io.json(subject.kind === 'workflow' ? `${JSON.stringify(subject.workflow.definition)}\n` : runJson(subject.state))
  } else {
    io.out(subject.kind === 'workflow' ? workflowText(subject.workflow) : runText(subject.state, io.hasOutColor))
  }
  return 0
}
