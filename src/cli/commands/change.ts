import type { Engine } from '../../engine/engine-interface.ts'
import type { OperationOptions } from '../../engine/operations.ts'
import { route } from '../../workflow/routed.ts'
import { checkWorkflow, engineOf, loadCode } from '../code.ts'
import { readValue } from '../files.ts'
import { nameText, printable } from '../format/printable.ts'
import { hintCommand } from '../format/shell.ts'
import { namesText } from '../format/wait-text.ts'
import type { NoteOptions } from '../invocation.ts'
import { ioLogger } from '../io.ts'
import { withStoreOf } from '../subject.ts'
import type { ArgsOf, CommandContext } from './command.ts'

/** What every command that changes a run has. */
type Change = ArgsOf<'skip' | 'set' | 'unset'>

/** `skip <run> <node>`: skips a node that has not ended. */
export async function skip(args: ArgsOf<'skip'>, context: CommandContext): Promise<number> {
  const { node } = args
  return change(args, context, {
    workflow: null,
    give: (engine) => engine.skipNode(args.runId, node, givenNote(args)),
    members: { node },
    done: `skipped ${namesText(node)}`,
  })
}

/** `set <run> <node> <value>`: gives a node its result; with `--variable` a variable its value. */
export async function set(args: ArgsOf<'set'>, context: CommandContext): Promise<number> {
  const { runId, node, variable, handles } = args
  const value = await readValue(args.value, 'the value')
  const note = givenNote(args)
  if (node === null) {
    const name = variable ?? ''
    return change(args, context, {
      workflow: null,
      give: (engine) => engine.setVariable(runId, name, value, note),
      members: { variable: name },
      done: `set the variable ${nameText(name, 100)}`,
    })
  }
  return change(args, context, {
    workflow: args.workflow,
    give: (engine) => engine.setResult(runId, node, handles === null ? value : route(handles, value), note),
    members: { node },
    done: `set the result of ${namesText(node)}`,
  })
}

/** `unset <run> --variable <name>`: deletes a variable. */
export async function unset(args: ArgsOf<'unset'>, context: CommandContext): Promise<number> {
  const { variable } = args
  return change(args, context, {
    workflow: null,
    give: (engine) => engine.deleteVariable(args.runId, variable, givenNote(args)),
    members: { variable },
    done: `deleted the variable ${nameText(variable, 100)}`,
  })
}

/** Who asked, and why, as far as somebody said so. */
export function givenNote({ by, why }: NoteOptions): OperationOptions {
  return { ...(by === null ? {} : { by }), ...(why === null ? {} : { why }) }
}

interface Given {
  /** The file whose conditions in code are asked. */
  readonly workflow: string | null
  readonly give: (engine: Engine) => Promise<void>
  /** What was changed: members of the JSON document, and a text. */
  readonly members: object
  readonly done: string
}

async function change(args: Change, { io }: CommandContext, given: Given): Promise<number> {
  const { runId, command } = args
  const { workflow, options } = await loadCode({ workflow: given.workflow, registry: null })
  return withStoreOf(runId, args.store, async (store, { workflowId }) => {
    if (workflow !== null) checkWorkflow(runId, workflowId, workflow)
    const engine = engineOf({ store, logger: ioLogger(io), command, workflow, options })
    await given.give(engine)
    const summary = await store.get(runId)
    const { status = 'running', seq = 0 } = summary ?? {}
    const hint = hintCommand('resume', { runId, store: args.store, workflowFile: given.workflow, registryFile: null })
    if (args.json) {
      io.json(`${JSON.stringify({ type: command, runId, status, seq, ...given.members, resumeCommand: hint })}\n`)
      return 0
    }
    io.out(`${given.done} in run ${printable(runId)} (${status})\n`)
    io.out(`resume with: ${printable(hint)}\n`)
    return 0
  })
}
