import { isWaystoneError, type WaystoneError } from '../../base/errors.ts'
import { builtins } from '../../nodes/builtin/builtins.ts'
import { missingTypes } from '../../nodes/registry.ts'
import type { Workflow } from '../../workflow/workflow.ts'
import { exitCodes } from '../exit-codes.ts'
import { printable } from '../format/printable.ts'
import { loadWorkflow } from '../load-workflow.ts'
import type { ArgsOf, CommandContext } from './command.ts'

interface FoundProblem {
  readonly code: string
  readonly message: string
  readonly path: string
}

/** `validate <file>`: every problem of a workflow file at once; node types without code here are a note, not a problem. */
export async function validate(args: ArgsOf<'validate'>, { io }: CommandContext): Promise<number> {
  const { workflow, problems } = await check(args.file)
  const missing = workflow === null ? [] : missingOf(workflow)
  if (args.json) {
    io.out(
      `${JSON.stringify({ file: args.file, isValid: problems.length === 0, problems, typesWithoutHandler: missing })}\n`,
    )
    return problems.length === 0 ? exitCodes.done : exitCodes.error
  }
  if (workflow !== null) {
    const { definition, graph } = workflow
    io.out(
      `${printable(args.file)}: ${printable(definition.id)} ${printable(definition.version)} is valid: ${graph.nodes.length} nodes, ${graph.edges.length} edges\n`,
    )
    if (missing.length > 0)
      io.err(
        `note: a registry has to bring the node types ${missing.map((type) => printable(JSON.stringify(type))).join(', ')}\n`,
      )
    return exitCodes.done
  }
  for (const { code, path, message } of problems) {
    io.err(`error ${code}: ${path === '' ? 'the top' : printable(path)}: ${printable(message)}\n`)
  }
  io.err(`${printable(args.file)}: ${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}\n`)
  return exitCodes.error
}

type Checked =
  | { readonly workflow: Workflow; readonly problems: readonly [] }
  | { readonly workflow: null; readonly problems: readonly FoundProblem[] }

async function check(file: string): Promise<Checked> {
  try {
    return { workflow: await loadWorkflow(file), problems: [] }
  } catch (error) {
    if (!isWaystoneError(error) || !error.code.startsWith('WORKFLOW_')) throw error
    return { workflow: null, problems: problemsOf(error) }
  }
}

function problemsOf(error: WaystoneError): readonly FoundProblem[] {
  const { problems } = error.details as { readonly problems?: readonly FoundProblem[] }
  return problems ?? [{ code: error.code, message: error.message, path: '' }]
}

function missingOf({ graph, handlers }: Workflow): readonly string[] {
  return missingTypes(graph, (type) => handlers.has(type) || builtins.some(([name]) => name === type))
}
