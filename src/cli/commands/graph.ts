import { mermaidText } from '../format/mermaid.ts'
import { readSubject } from '../subject.ts'
import type { ArgsOf, CommandContext } from './command.ts'

/** Above these Mermaid refuses a chart unless it is configured otherwise. */
const MERMAID_EDGES = 500
const MERMAID_CHARACTERS = 50_000

/** `graph <run-or-file>`: a Mermaid flowchart of a workflow, or of a run with its statuses. */
export async function graph(args: ArgsOf<'graph'>, { io }: CommandContext): Promise<number> {
  const subject = await readSubject(args.subject, args.store)
  const index = subject.kind === 'workflow' ? subject.workflow.graph : subject.graph
  const text = mermaidText(index, subject.kind === 'workflow' ? null : subject.state)
  if (args.json) io.json(`${JSON.stringify({ mermaid: text })}\n`)
  else io.out(text)
  const edges = text.match(/^ +n[\d_]+ (?:-->|==>|-\.->)/gm)?.length ?? 0
  if (edges > MERMAID_EDGES || text.length > MERMAID_CHARACTERS) {
    io.err(
      `note: the chart is above Mermaid's defaults; raise maxEdges (${MERMAID_EDGES}) and maxTextSize (${MERMAID_CHARACTERS}) to draw it\n`,
    )
  }
  return 0
}
