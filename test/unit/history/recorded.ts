import { defaultCodec } from '../../../src/base/values/codec.ts'
import { type History, historyFrom } from '../../../src/history/history.ts'
import { recordedEvent } from '../../../src/run/fact-batch.ts'
import { Core, type EdgeSpec, type NodeSpec } from '../run/core.ts'

/** A run whose nodes have all completed, one millisecond a step, with what each gives. */
export function finished(
  nodes: readonly NodeSpec[],
  edges: readonly EdgeSpec[] = [],
  output: (nodeId: string) => unknown = () => null,
): Core {
  const core = Core.started(nodes, edges)
  finish(core, output)
  return core
}

/** Completes whatever runs, one after the other, until nothing does. */
export function finish(core: Core, output: (nodeId: string) => unknown = () => null): void {
  for (;;) {
    const index = core.run.state.nodes.findIndex(({ status }) => status === 'running')
    if (index < 0) return
    core.at += 1
    const encoded = defaultCodec.encode(output(core.run.graph.ids[index]!))
    const { attempt } = core.run.state.nodes[index]!
    core.do({ type: 'node.complete', index, attempt, output: encoded, writes: null, decisions: null })
    core.settle()
  }
}

/** The history of what happened so far. */
export function historyOf({ events }: Pick<Core, 'events'>): History {
  return historyFrom(events.map(recordedEvent), { codec: defaultCodec })
}
