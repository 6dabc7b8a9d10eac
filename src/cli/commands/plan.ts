import type { Registry } from '../../nodes/registry.ts'
import { rebase } from '../../run/rebase.ts'
import { isEnded } from '../../run/reduce.ts'
import { planResume, type ResumePlan, type ResumeStep } from '../../run/resume-plan.ts'
import { createRun, graphOf, pendingState } from '../../run/run.ts'
import type { RunState } from '../../run/state.ts'
import { compareWorkflows, type WorkflowChange } from '../../workflow/compare-workflows.ts'
import { workflowFingerprint } from '../../workflow/fingerprint.ts'
import type { Graph } from '../../workflow/graph.ts'
import type { Workflow } from '../../workflow/workflow.ts'
import { checkWorkflow } from '../code.ts'
import { nameText, shorten } from '../format/printable.ts'
import { tableText } from '../format/table.ts'
import { namesText } from '../format/wait-text.ts'
import { loadRegistry, typesWithoutHandler } from '../load-registry.ts'
import { loadWorkflow } from '../load-workflow.ts'
import { readSubject, type Subject } from '../subject.ts'
import type { ArgsOf, CommandContext } from './command.ts'

/** `plan <run-or-file>`: what would run, be reused, be skipped or is blocked, and why. Nothing runs. */
export async function plan(args: ArgsOf<'plan'>, { io }: CommandContext): Promise<number> {
  const subject = await readSubject(args.subject, args.store)
  const given = args.workflow === null ? null : await loadWorkflow(args.workflow)
  const registry = await loadRegistry(args.registry)
  const { steps, counts, changes } = planOf(subject, given, registry, args.acceptChange)
  if (args.json) {
    io.json(
      `${JSON.stringify({ runId: subject.kind === 'workflow' ? null : subject.state.runId, steps, counts, changes })}\n`,
    )
    return 0
  }
  const rows = steps.map(({ path = [], nodeId, action, reason }) => [
    namesText([...path, nodeId]),
    action,
    shorten(reason, 120),
  ])
  io.out(tableText(['node', 'action', 'why'], rows))
  io.out(`\n${counts.run} to run, ${counts.reuse} to reuse, ${counts.skip} to skip, ${counts.blocked} blocked\n`)
  for (const { nodeId, change, what } of changes) {
    io.out(`changed workflow: ${nameText(nodeId, 60)} ${change}${what.length > 0 ? ` (${what.join(', ')})` : ''}\n`)
  }
  if (changes.length > 0 && !args.acceptChange) {
    io.err('note: a resume refuses the changed workflow; --accept-change plans, and resumes, with it\n')
  }
  return 0
}

/** A step, of a nested run with the ids of the nodes that lead to it. */
type PlannedStep = ResumeStep & { readonly path?: readonly string[] }

interface Plan extends Pick<ResumePlan, 'counts'> {
  readonly steps: readonly PlannedStep[]
  readonly changes: readonly WorkflowChange[]
}

function planOf(subject: Subject, given: Workflow | null, registry: Registry | null, acceptChange: boolean): Plan {
  if (subject.kind === 'workflow') {
    const { definition, graph } = subject.workflow
    const state = pendingState({ runId: '', workflow: definition, fingerprint: workflowFingerprint(subject.workflow) })
    const missing = typesWithoutHandler(graph, given ?? subject.workflow, registry)
    return {
      ...planResume(graph, state, new Set(missing)),
      changes: given === null ? [] : compareWorkflows(graph, given.graph),
    }
  }
  const { graph, state } = subject
  if (given !== null) checkWorkflow(state.runId, state.workflow.id, given)
  const changes = given === null ? [] : compareWorkflows(graph, given.graph)
  const run = createRun(graph, state)
  if (given !== null && acceptChange && changes.length > 0 && !isEnded(state)) {
    rebase(run, given.definition, workflowFingerprint(given))
  }
  const missing = new Set(typesWithoutHandler(run.graph, given, registry))
  const counts = { run: 0, reuse: 0, skip: 0, blocked: 0 }
  const steps = stepsOf(run.graph, run.state, { missing, isUndone: state.compensating !== null }, [])
  for (const { action } of steps) counts[action] += 1
  return { steps, counts, changes }
}

/** The steps of a run, those of a run that is under way in it behind its node; the depth is that of the definition. */
function stepsOf(
  graph: Graph,
  state: RunState,
  whole: { readonly missing: ReadonlySet<string>; readonly isUndone: boolean },
  path: readonly string[],
): readonly PlannedStep[] {
  return planResume(graph, state, whole.missing, path, whole.isUndone).steps.flatMap((step, index) => {
    const own: PlannedStep = path.length === 0 ? step : { path, ...step }
    const { status, parts } = state.nodes[index]!
    const child = status === 'completed' ? null : (parts?.child ?? null)
    if (child === null) return [own]
    return [own, ...stepsOf(graphOf(child.workflow), child, whole, [...path, step.nodeId])]
  })
}
