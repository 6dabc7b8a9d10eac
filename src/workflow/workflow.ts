import type { WorkflowDefinition } from './definition.ts'
import { type Graph, isGraph } from './graph.ts'
import type { EdgePredicate, Handler, Selector } from './handler.ts'

/**
 * A workflow that can run: its definition, checked, with the handlers and edge conditions that code gave it.
 * A workflow parsed from JSON has none of those; a registry of node types brings them.
 */
export interface Workflow<Outputs extends object = Record<string, unknown>, Input = unknown> {
  readonly definition: WorkflowDefinition
  readonly graph: Graph
  /** Handlers by node type; the builder gives each node written in code a type named like the node. */
  readonly handlers: ReadonlyMap<string, Handler>
  /** Conditions in code, by edge key. */
  readonly predicates: ReadonlyMap<string, EdgePredicate>
  /** What is in code of map and repeated nodes, by node id; missing: nothing. */
  readonly functions?: ReadonlyMap<string, NodeFunctions>
  /** The workflows of nodes that are runs, with their code, by node id; missing: those of the definition, without code of their own. */
  readonly nested?: ReadonlyMap<string, AnyWorkflow>
  /** Type-level only: outputs by node id, and the run's input. */
  readonly types?: { readonly outputs: Outputs; readonly input: Input }
}

/** What a node's `map` and `repeat` ask of code. */
export interface NodeFunctions {
  /** The list a map node runs over, from its inputs. */
  readonly items?: Selector<Readonly<Record<string, unknown>>, readonly unknown[]>
  /** What tells an item apart. */
  readonly key?: Selector<unknown, string | number>
  /** Whether a repeated node's output ends it. */
  readonly until?: EdgePredicate
  /** The input of a nested run, from the inputs of its node. */
  readonly input?: Selector<Readonly<Record<string, unknown>>, unknown>
}

/** A workflow of any outputs and input: all that is needed to run it. */
export type AnyWorkflow = Omit<Workflow, 'types'>

/** Whether a value is a workflow, of this copy of the package or another. Never throws. */
export function isWorkflow(value: unknown): value is Workflow {
  if (typeof value !== 'object' || value === null) return false
  try {
    const { definition, graph, handlers, predicates } = value as Readonly<Partial<Record<keyof Workflow, unknown>>>
    return (
      typeof definition === 'object' && definition !== null && isGraph(graph) && isMap(handlers) && isMap(predicates)
    )
  } catch {
    return false
  }
}

function isMap(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && typeof (value as Partial<Workflow['handlers']>).get === 'function'
  )
}
