import type { WorkflowDefinition } from './definition.ts'
import type { Graph } from './graph.ts'
import type { EdgePredicate, Handler } from './handler.ts'

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
  /** Type-level only: outputs by node id, and the run's input. */
  readonly types?: { readonly outputs: Outputs; readonly input: Input }
}

/** A workflow of any outputs and input: all that is needed to run it. */
export type AnyWorkflow = Omit<Workflow, 'types'>
