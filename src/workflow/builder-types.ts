import type { JsonValue } from '../base/json.ts'
import type {
  CompensationDefinition,
  ConditionDefinition,
  FallbackDefinition,
  MapDefinition,
  NodeDefinition,
  RepeatDefinition,
  RetryPolicy,
  TriggerRule,
} from './definition.ts'
import type { EdgePredicate, NodeContext } from './handler.ts'
import type { Routed } from './routed.ts'
import type { Workflow } from './workflow.ts'

/** A handler as the builder takes it: exact inputs in, whatever it returns out. */
export type NodeHandler<Inputs, Returned, Input, Services extends object> = (
  inputs: Inputs,
  ctx: NodeContext<Input, Services>,
) => Returned

/**
 * A node by its type instead of a handler of its own: made by `nodeType`, or plain `{ type, data }` for a type that the
 * registry of the executor brings; then its output is unknown.
 */
export interface NodeReference<Inputs, Returned, Input = unknown, Services extends object = Record<string, unknown>> {
  readonly type: string
  readonly handler?: NodeHandler<Inputs, Returned, Input, Services>
  /** The node's data, unless its options give some. */
  readonly data?: JsonValue
}

/** The services of a builder, for node types that say nothing of theirs: those are made for services with any members. */
export type AnyOf<Services extends object> = Services & Record<string, unknown>

/** A node type with its handler, to be shared by several nodes. */
export interface NodeType<Inputs, Returned, Input = unknown, Services extends object = Record<string, unknown>>
  extends NodeReference<Inputs, Returned, Input, Services> {
  readonly handler: NodeHandler<Inputs, Returned, Input, Services>
}

/** An upstream whose edge has a condition. At most one of `when` and `condition`; with `sourceHandle`, both must hold. */
export interface UpstreamEdge<Id extends string, Output> {
  readonly source: Id
  /** Taken only when the source chose this handle: by `route`, or as its string or boolean output. */
  readonly sourceHandle?: string
  /** Taken only when this gives true. Asked once, when the source completes; the answer is recorded. */
  readonly when?: (output: Output) => boolean
  /** Taken only when this test, which stands in the definition as data, holds. */
  readonly condition?: ConditionDefinition
}

/** An upstream of a node: the id of a node that is there already, or an edge from one. */
export type Upstream<Outputs> =
  | (keyof Outputs & string)
  | { [Id in keyof Outputs & string]: UpstreamEdge<Id, Outputs[Id]> }[keyof Outputs & string]

/** What undoes a node. */
export interface Compensated<Output, Input, Services extends object> {
  /**
   * Undoes what the node did, when the run fails or is canceled after it and was asked to compensate; gets the node's output.
   * A handler becomes the node type `<id>#compensation`.
   */
  readonly compensation?: NodeHandler<{ readonly output: Output }, unknown, Input, Services> | CompensationDefinition
}

/** How a node is run. */
export interface NodeOptions<
  Inputs,
  Trigger extends TriggerRule,
  OnError extends 'fail' | 'continue',
  Recovered,
  Input,
  Services extends object,
  Output = unknown,
> extends Pick<NodeDefinition, 'data' | 'version' | 'reuse'>,
    Compensated<Output, Input, Services> {
  readonly trigger?: Trigger
  readonly retry?: RetryPolicy
  /** Longest time of one attempt in milliseconds. */
  readonly timeoutMs?: number
  readonly onError?: OnError
  /**
   * Stands in when the node failed for good; finds the failure in `ctx.failure`.
   * A handler becomes the node type `<id>#fallback`; a node type of the registry is expected to give what the node gives.
   */
  readonly fallback?: NodeHandler<Inputs, Recovered, Input, Services> | FallbackDefinition
  readonly onInterrupted?: 'rerun' | 'fail' | 'ask'
  /** Runs the node again, with what it gave last in `ctx.previous`, until the test of its output holds. */
  readonly repeat?: RepeatSettings
}

/** See {@link RepeatDefinition}; the test may be a function. */
export interface RepeatSettings extends Omit<RepeatDefinition, 'until'> {
  readonly until: ConditionDefinition | EdgePredicate
}

/** How a map node finds and runs its items; see {@link MapDefinition}. */
export interface MapSettings<Inputs, Item, OnItemError extends 'fail' | 'skip' | 'settle'>
  extends Omit<MapDefinition, 'items' | 'key' | 'onItemError'> {
  /** The list, from the node's inputs: a function or a JSON Pointer; default: what its only upstream gave. */
  readonly items?: string | ((inputs: Inputs) => readonly Item[])
  /** What tells an item apart; default: its place. */
  readonly key?: string | ((item: Item) => string | number)
  readonly onItemError?: OnItemError
}

/** The items of a node with one upstream whose output is a list. */
export type ItemOf<Inputs> = Inputs[keyof Inputs] extends readonly (infer Item)[] ? Item : unknown

/** What a settled map node says of an item. */
export type SettledItem<Value> =
  | { readonly status: 'completed'; readonly value: Value }
  | {
      readonly status: 'failed'
      readonly error: { readonly name: string; readonly message: string; readonly code?: string }
    }

/** What a map node gives: the results of its items, in item order. */
export type MapOutput<Value, OnItemError extends 'fail' | 'skip' | 'settle'> = readonly (OnItemError extends 'settle'
  ? SettledItem<Value>
  : Value)[]

/** How the items of a map node are run. */
export type MapNodeOptions<
  OnError extends 'fail' | 'continue',
  Output = unknown,
  Input = unknown,
  Services extends object = Record<string, unknown>,
> = Pick<NodeDefinition, 'data' | 'version' | 'retry' | 'timeoutMs' | 'onInterrupted' | 'reuse'> &
  Compensated<Output, Input, Services> & { readonly onError?: OnError }

/** How a node that is a run of another workflow is run. */
export type NestedOptions<
  Inputs,
  InnerInput,
  OnError extends 'fail' | 'continue',
  Input = unknown,
  Services extends object = Record<string, unknown>,
> = Pick<NodeDefinition, 'version' | 'trigger' | 'retry'> &
  Compensated<unknown, Input, Services> & {
    readonly onError?: OnError
    readonly repeat?: RepeatSettings
    readonly input?: string | ((inputs: Inputs) => InnerInput)
  }

/** A new node's id; a readable complaint in its place when it is taken. An id only known at run time passes. */
export type NewId<Id extends string, Outputs> = string extends keyof Outputs
  ? Id
  : Id extends keyof Outputs
    ? `there is a node '${Id}' already`
    : Id

/** What a handler's return value gives downstream: awaited, and out of its `Routed`. */
export type OutputOf<Returned> =
  Awaited<Returned> extends infer Settled ? (Settled extends Routed<infer Output> ? Output : Settled) : never

/** Ids of the nodes that upstreams name. */
export type SourceOf<Item> = Item extends string ? Item : Item extends { readonly source: infer Id } ? Id : never

/** Those of them whose edge is always taken. */
type AlwaysTaken<Item> = Item extends string
  ? Item
  : Item extends { readonly sourceHandle: string } | { readonly when: unknown } | { readonly condition: unknown }
    ? never
    : SourceOf<Item>

/**
 * What a handler gets from its upstreams. An output that may not be there is `T | undefined`: over a conditional edge,
 * from a node that may be skipped, and from any node under a trigger that does not wait for success of all.
 */
export type InputsOf<Outputs, Upstreams extends readonly unknown[], Skippable, Trigger extends TriggerRule> = {
  readonly [Id in SourceOf<Upstreams[number]> & keyof Outputs]:
    | Outputs[Id]
    | (Id extends SureInput<Upstreams, Skippable, Trigger> ? never : undefined)
}

type SureInput<Upstreams extends readonly unknown[], Skippable, Trigger extends TriggerRule> = [
  Extract<Trigger, 'any' | 'allDone'>,
] extends [never]
  ? Exclude<AlwaysTaken<Upstreams[number]>, Skippable>
  : never

/**
 * The id of a node that may be skipped, else never.
 * `Failing` are the nodes that may fail without failing the run; the trigger decides whom that keeps from running.
 */
export type SkippedId<
  Id extends string,
  Upstreams extends readonly unknown[],
  Skippable,
  Failing,
  Trigger extends TriggerRule,
> = Upstreams extends readonly []
  ? never
  : Trigger extends 'allDone'
    ? never
    : Trigger extends 'any'
      ? IdUnless<Id, Exclude<AlwaysTaken<Upstreams[number]>, Skippable | Failing>>
      : [Extract<SourceOf<Upstreams[number]>, Failing>] extends [never]
        ? Trigger extends 'noneFailed'
          ? never
          : IdUnless<Id, Exclude<AlwaysTaken<Upstreams[number]>, Skippable>>
        : Id

type IdUnless<Id, Sure> = [Sure] extends [never] ? Id : never

/** The outputs of a run by node id; `T | undefined` for a node that may be skipped or fail without failing the run. */
export type WorkflowOutputs<Outputs, Missable> = {
  readonly [Id in keyof Outputs]: Id extends Missable ? Outputs[Id] | undefined : Outputs[Id]
}

/**
 * Builds a workflow node by node. Every call gives a new builder, so a common beginning can be built on twice.
 *
 * A node can only name nodes before it as upstreams, so there is no cycle to build; a wrong name, a name taken twice and a
 * handler for other inputs do not compile. `Skippable` and `Failing` are the ids of nodes that may be skipped, and that may
 * fail without failing the run.
 */
export interface WorkflowBuilder<
  Outputs extends object,
  Skippable extends string = never,
  Failing extends string = never,
  Input = unknown,
  Services extends object = Record<string, unknown>,
> {
  /** Fixes the type of the run's input, `ctx.input`, for the nodes that follow. */
  input<T>(): WorkflowBuilder<Outputs, Skippable, Failing, T, Services>

  /** Fixes the type of `ctx.services` for the nodes that follow. */
  services<T extends object>(): WorkflowBuilder<Outputs, Skippable, Failing, Input, T>

  /**
   * Adds a node without upstreams.
   * @throws {DefinitionError} OPTION_UNKNOWN, ARGUMENT_INVALID
   */
  node<
    const Id extends string,
    Returned,
    const Trigger extends TriggerRule = 'all',
    const OnError extends 'fail' | 'continue' = 'fail',
    Recovered = never,
  >(
    id: NewId<Id, Outputs>,
    handler:
      | NodeHandler<InputsOf<Outputs, readonly [], Skippable, 'all'>, Returned, Input, Services>
      | NodeReference<InputsOf<Outputs, readonly [], Skippable, 'all'>, Returned, Input, AnyOf<Services>>,
    options?: NodeOptions<
      InputsOf<Outputs, readonly [], Skippable, 'all'>,
      Trigger,
      OnError,
      Recovered,
      Input,
      Services,
      OutputOf<Returned> | OutputOf<Recovered>
    >,
  ): WorkflowBuilder<
    Outputs & { readonly [K in Id]: OutputOf<Returned> | OutputOf<Recovered> },
    Skippable,
    Failing | (OnError extends 'continue' ? Id : never),
    Input,
    Services
  >

  /**
   * Adds a node that runs after others, with their outputs as inputs.
   * @param upstreams - ids of nodes, or edges from them with a handle or condition
   * @throws {DefinitionError} OPTION_UNKNOWN, ARGUMENT_INVALID
   */
  node<
    const Id extends string,
    const Upstreams extends readonly Upstream<Outputs>[],
    Returned,
    const Trigger extends TriggerRule = 'all',
    const OnError extends 'fail' | 'continue' = 'fail',
    Recovered = never,
  >(
    id: NewId<Id, Outputs>,
    upstreams: Upstreams,
    handler:
      | NodeHandler<InputsOf<Outputs, Upstreams, Skippable, Trigger>, Returned, Input, Services>
      | NodeReference<InputsOf<Outputs, Upstreams, Skippable, Trigger>, Returned, Input, AnyOf<Services>>,
    options?: NodeOptions<
      InputsOf<Outputs, Upstreams, Skippable, Trigger>,
      Trigger,
      OnError,
      Recovered,
      Input,
      Services,
      OutputOf<Returned> | OutputOf<Recovered>
    >,
  ): WorkflowBuilder<
    Outputs & { readonly [K in Id]: OutputOf<Returned> | OutputOf<Recovered> },
    Skippable | SkippedId<Id, Upstreams, Skippable, Failing, Trigger>,
    Failing | (OnError extends 'continue' ? Id : never),
    Input,
    Services
  >

  /** Adds a map node whose items a JSON Pointer leads to: what they are, the handler says. */
  map<
    const Id extends string,
    const Upstreams extends readonly Upstream<Outputs>[],
    Returned,
    Item,
    const OnItemError extends 'fail' | 'skip' | 'settle' = 'fail',
    const OnError extends 'fail' | 'continue' = 'fail',
  >(
    id: NewId<Id, Outputs>,
    upstreams: Upstreams,
    settings: MapSettings<unknown, Item, OnItemError> & { readonly items: string },
    handler: NodeHandler<Item, Returned, Input, Services> | NodeReference<Item, Returned, Input, AnyOf<Services>>,
    options?: MapNodeOptions<OnError, MapOutput<OutputOf<Returned>, OnItemError>, Input, Services>,
  ): WorkflowBuilder<
    Outputs & { readonly [K in Id]: MapOutput<OutputOf<Returned>, OnItemError> },
    Skippable | SkippedId<Id, Upstreams, Skippable, Failing, 'all'>,
    Failing | (OnError extends 'continue' ? Id : never),
    Input,
    Services
  >

  /**
   * Adds a node that runs a handler once for each item of a list; its output is that of the items, in item order. Each item that
   * has completed is a fact: whatever happens after, it is not run again.
   * @param settings - where the items come from, what tells them apart, how many run at once, and what a failed one is
   * @param options - how an item is run; `onError` is of the node
   * @throws {DefinitionError} OPTION_UNKNOWN, ARGUMENT_INVALID
   * @example
   * const flow = workflow('lengths').node('words', () => ['a', 'bb']).map('lengths', ['words'], {}, (word) => word.length).build()
   * const { output } = await new DagExecutor(flow).execute()
   * output // [1, 2]
   */
  map<
    const Id extends string,
    const Upstreams extends readonly Upstream<Outputs>[],
    Returned,
    Item = ItemOf<InputsOf<Outputs, Upstreams, Skippable, 'all'>>,
    const OnItemError extends 'fail' | 'skip' | 'settle' = 'fail',
    const OnError extends 'fail' | 'continue' = 'fail',
  >(
    id: NewId<Id, Outputs>,
    upstreams: Upstreams,
    settings: MapSettings<InputsOf<Outputs, Upstreams, Skippable, 'all'>, Item, OnItemError> & {
      readonly items?: (inputs: InputsOf<Outputs, Upstreams, Skippable, 'all'>) => readonly Item[]
    },
    handler:
      | NodeHandler<NoInfer<Item>, Returned, Input, Services>
      | NodeReference<NoInfer<Item>, Returned, Input, AnyOf<Services>>,
    options?: MapNodeOptions<OnError, MapOutput<OutputOf<Returned>, OnItemError>, Input, Services>,
  ): WorkflowBuilder<
    Outputs & { readonly [K in Id]: MapOutput<OutputOf<Returned>, OnItemError> },
    Skippable | SkippedId<Id, Upstreams, Skippable, Failing, 'all'>,
    Failing | (OnError extends 'continue' ? Id : never),
    Input,
    Services
  >

  /**
   * Adds a node that is a run of another workflow, inside this one: in the same log, state and snapshots. Its output is the final
   * output of that run: that of its only terminal node, or an object of several.
   * @param input - the nested run's input, from the node's inputs: a function or a JSON Pointer; default: all inputs
   * @throws {DefinitionError} OPTION_UNKNOWN, ARGUMENT_INVALID
   * @example
   * const inner = workflow('inner').input<{ a: number }>().node('twice', (_, ctx) => ctx.input.a * 2).build()
   * const flow = workflow('outer').node('a', () => 21).workflow('b', ['a'], inner).build()
   * const { output } = await new DagExecutor(flow).execute()
   * output // 42
   */
  workflow<
    const Id extends string,
    const Upstreams extends readonly Upstream<Outputs>[],
    InnerOutputs extends object,
    InnerInput,
    const OnError extends 'fail' | 'continue' = 'fail',
  >(
    id: NewId<Id, Outputs>,
    upstreams: Upstreams,
    inner: Workflow<InnerOutputs, InnerInput>,
    options?: NestedOptions<InputsOf<Outputs, Upstreams, Skippable, 'all'>, InnerInput, OnError, Input, Services>,
  ): WorkflowBuilder<
    Outputs & { readonly [K in Id]: unknown },
    Skippable | SkippedId<Id, Upstreams, Skippable, Failing, 'all'>,
    Failing | (OnError extends 'continue' ? Id : never),
    Input,
    Services
  >

  /**
   * Checks everything and gives the workflow, frozen.
   * @throws {DefinitionError} the code of the problem when there is one problem, WORKFLOW_INVALID when there are more;
   * NODE_TYPE_DUPLICATE when one type has two handlers
   */
  build(): Workflow<WorkflowOutputs<Outputs, Skippable | Failing>, Input>
}
