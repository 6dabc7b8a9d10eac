import { builtins } from '../../nodes/builtin/builtins.ts'
import { missingTypes } from '../../nodes/registry.ts'
import { planResume, type ResumePlan } from '../../run/resume-plan.ts'
import { pendingState } from '../../run/run.ts'
import { compareWorkflows, type WorkflowChange } from '../../workflow/compare-workflows.ts'
import { workflowFingerprint } from '../../workflow/fingerprint.ts'
import type { Graph } from '../../workflow/graph.ts'
import type { Workflow } from '../../workflow/workflow.ts'
import { nameText, printable, shorten } from '../format/printable.ts'
import { tableText } from '../format/table.ts'
import { loadWorkflow } from '../load-workflow.ts'
import { readSubject, type Subject } from '../subject.ts'
import type { ArgsOf, CommandContext } from './command.ts'

/** `plan <file-or-run>`: what would run, be reused, be skipped or is blocked, and why. Nothing runs. */
export async function plan(args: ArgsOf<'plan'>, { io }: CommandContext): Promise<number> {
  const subject = await readSubject(args.subject, args.store)
  const given = args.workflow === null ? null : await loadWorkflow(args.workflow)
  const { steps, counts, changes } = planOf(subject, given)
  if (args.json) {
    io.out(
      `${JSON.stringify({ runId: subject.kind === 'workflow' ? null : subject.state.runId, steps, counts, changes })}\n`,
    )
    return 0
  }
  const rows = steps.map(({ nodeId, action, reason }) => [nameText(nodeId, 60), action, shorten(reason, 120)])
  io.out(tableText(['node', 'action', 'why'], rows))
  io.out(`\n${counts.run} to run, ${counts.reuse} to reuse, ${counts.skip} to skip, ${counts.blocked} blocked\n`)
  for (const { nodeId, change, what } of changes) {
    io.out(
      `changed workflow: ${printable(JSON.stringify(nodeId))} ${change}${what.length > 0 ? ` (${what.join(', ')})` : ''}\n`,
    )
  }
  return 0
}

function planOf(
  subject: Subject,
  given: Workflow | null,
): ResumePlan & { readonly changes: readonly WorkflowChange[] } {
  if (subject.kind === 'workflow') {
    const { definition, graph } = subject.workflow
    const state = pendingState({ runId: '', workflow: definition, fingerprint: workflowFingerprint(subject.workflow) })
    return {
      ...planResume(graph, state, missingOf(graph, given ?? subject.workflow)),
      changes: given === null ? [] : compareWorkflows(graph, given.graph),
    }
  }
  const { graph, state } = subject
  return {
    ...planResume(graph, state, missingOf(graph, given)),
    changes: given === null ? [] : compareWorkflows(graph, given.graph),
  }
}

function missingOf(graph: Graph, workflow: Workflow | null): ReadonlySet<string> {
  return new Set(
    missingTypes(graph, (type) => workflow?.handlers.has(type) === true || builtins.some(([name]) => name === type)),
  )
}
