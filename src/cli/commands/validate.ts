import { isWaystoneError, type WaystoneError } from '../../base/errors.ts'
import { exitCodeOf, exitCodes } from '../exit-codes.ts'
import { counted } from '../format/counted.ts'
import { nameText, printable } from '../format/printable.ts'
import { errorLine } from '../io.ts'
import { loadRegistry, typesWithoutHandler } from '../load-registry.ts'
import { readFileSubject, type Subject } from '../subject.ts'
import type { ArgsOf, CommandContext } from './command.ts'

interface FoundProblem {
  readonly code: string
  readonly message: string
  /** JSON Pointer into the file; empty for the whole of it. */
  readonly path: string
}

/** What was found in a file. */
interface Report {
  readonly subject: Subject | null
  readonly problems: readonly FoundProblem[]
  readonly typesWithoutHandler: readonly string[]
  readonly exitCode: number
}

/**
 * `validate <file>`: every problem of a workflow file or a snapshot at once. Node types without code are a note, and a problem
 * when a registry is given.
 */
export async function validate(args: ArgsOf<'validate'>, { io }: CommandContext): Promise<number> {
  const report = await check(args)
  const { subject, problems, exitCode } = report
  const name = nameText(args.file, 200)
  if (args.json) {
    io.json(
      `${JSON.stringify({
        file: args.file,
        kind: subject === null ? null : subject.kind,
        isValid: exitCode === exitCodes.done,
        problems,
        typesWithoutHandler: report.typesWithoutHandler,
      })}\n`,
    )
    return exitCode
  }
  for (const { code, path, message } of problems)
    errorLine(io, code, printable(path === '' ? message : `${path}: ${message}`))
  if (exitCode !== exitCodes.done) {
    io.err(`${name}: ${counted(problems.length, 'problem')}\n`)
    return exitCode
  }
  io.out(`${name}: ${subject === null ? '' : summaryOf(subject)}\n`)
  if (report.typesWithoutHandler.length > 0) {
    io.err(`note: a registry has to bring the node types ${namesOf(report.typesWithoutHandler)}\n`)
  }
  return exitCode
}

async function check({ file, registry: registryFile }: ArgsOf<'validate'>): Promise<Report> {
  const registry = await loadRegistry(registryFile)
  try {
    const subject = await readFileSubject(file)
    const graph = subject.kind === 'workflow' ? subject.workflow.graph : subject.graph
    const missing = typesWithoutHandler(graph, subject.kind === 'workflow' ? subject.workflow : null, registry)
    const isProblem = registry !== null && missing.length > 0
    const message = `no handler is registered for the node types ${namesOf(missing)}`
    return {
      subject,
      problems: isProblem ? [{ code: 'NODE_TYPE_MISSING', message, path: '' }] : [],
      typesWithoutHandler: missing,
      exitCode: isProblem ? exitCodes.incompatible : exitCodes.done,
    }
  } catch (error) {
    // What keeps the file from being read at all is no finding about its content.
    if (!isWaystoneError(error) || error.code === 'CLI_FILE') throw error
    return { subject: null, problems: problemsOf(error), typesWithoutHandler: [], exitCode: exitCodeOf(error) }
  }
}

function summaryOf(subject: Subject): string {
  const { nodes, edges } = subject.kind === 'workflow' ? subject.workflow.graph : subject.graph
  const size = `${counted(nodes.length, 'node')}, ${counted(edges.length, 'edge')}`
  if (subject.kind === 'workflow') {
    const { id, version } = subject.workflow.definition
    return `workflow ${nameText(id, 200)} ${printable(version)} is valid: ${size}`
  }
  const { runId, status, workflow } = subject.state
  return `snapshot of run ${nameText(runId, 200)} (${status}) of ${nameText(workflow.id, 200)} ${printable(workflow.version)} is valid: ${size}`
}

/** The problems an error lists; each with its own code, or that of the error. */
function problemsOf(error: WaystoneError): readonly FoundProblem[] {
  const { problems } = error.details as { readonly problems?: readonly Partial<FoundProblem>[] }
  if (problems === undefined || problems.length === 0) return [{ code: error.code, message: error.message, path: '' }]
  return problems.map(({ code = error.code, message = '', path = '' }) => ({ code, message, path }))
}

function namesOf(types: readonly string[]): string {
  return types.map((type) => printable(JSON.stringify(type))).join(', ')
}
