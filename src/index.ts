// Base: values, errors, ports.
export { formatDuration, parseDuration } from './base/duration.ts'
export { type ErrorCode, errorCodes } from './base/error-codes.ts'
export {
  DefinitionError,
  isWaystoneError,
  LimitError,
  NodeError,
  RunError,
  SnapshotDecodeError,
  SnapshotError,
  SnapshotIntegrityError,
  SnapshotLimitError,
  SnapshotSchemaError,
  SnapshotSyntaxError,
  SnapshotVersionError,
  StoreError,
  UnserializableValueError,
  UsageError,
  WaystoneError,
} from './base/errors.ts'
export type { JsonObject, JsonPrimitive, JsonValue } from './base/json.ts'
export type { BlobStore, Clock, IdSource, Logger, ResultCache } from './base/ports.ts'
export type { SerializedError } from './base/serialized-error.ts'
export type { ClassCodec } from './base/values/class-codec.ts'
export { type CodecOptions, createCodec, defaultCodec, type ValueCodec } from './base/values/codec.ts'
export { resolveBlob } from './engine/blobs.ts'
export type { CancelOptions } from './engine/cancel-options.ts'
export { DagExecutor } from './engine/dag-executor.ts'
export { createEngine } from './engine/engine.ts'
export type { Engine, ResumeOptions, StartOptions } from './engine/engine-interface.ts'
export type { EngineOperations } from './engine/engine-operations.ts'
export type { EngineOptions } from './engine/engine-options.ts'
export { recordHistory, snapshotAt } from './engine/history.ts'
export { inspect, why } from './engine/inspect.ts'
export type { ListenerEvent, ListenersByType, ListenerType, ProgressNotice } from './engine/listeners.ts'
export {
  executeFromSnapshot,
  type LoadOptions,
  type LoadTarget,
  loadSnapshot,
  resumePlan,
  type SnapshotResumePlan,
} from './engine/load.ts'
export type { OperationOptions, RetryOptions } from './engine/operations.ts'
export type { ConfigOptions, ExecutorOptions, OnWorkflowChange, WorldOptions } from './engine/options.ts'
export type { PauseOptions } from './engine/pause-options.ts'
export type { RunOutcome, RunResult } from './engine/result.ts'
export type { Recovery, RunHandle } from './engine/run-handle.ts'
export type { SignalOptions } from './engine/signals.ts'
export type { TokenOptions } from './engine/tokens.ts'
// History: looking back at a run.
export type { HistoryFilter, TypePattern } from './history/filter.ts'
export { createHistory, type History, type HistoryOptions } from './history/history.ts'
export type { Moment, MomentCacheEntry, MomentNode } from './history/moment.ts'
export type { HistoryPage } from './history/search.ts'
export type { NodeTiming } from './history/timings.ts'
// Nodes: what a node type is.
export { builtins } from './nodes/builtin/builtins.ts'
export { type InputPath, type SleepData, type SleepUntilData, sleep, sleepUntil } from './nodes/builtin/sleep.ts'
export { type WaitForSignalData, waitForSignal } from './nodes/builtin/wait-for-signal.ts'
export { createRegistry, type Registry, type TypeHooks } from './nodes/registry.ts'
// Run: facts, state, and what follows from them.
export type { CompensationCause } from './run/compensation.ts'
export { DEFAULT_CONFIG, type RunConfig, type RunLimits } from './run/config.ts'
export type { RunEvent, RunEventOf, RunEventType, SkipReason } from './run/event.ts'
export type { CompensationInspection, CompensationsInspection } from './run/inspect-compensations.ts'
export type { Hold, Inspection, NodeInspection, WaitsFor } from './run/inspection.ts'
export type { NodePath } from './run/node-path.ts'
export type { RecordedEvent } from './run/recorded-event.ts'
export type { ResumePlan, ResumeStep } from './run/resume-plan.ts'
export type { KeptOutside, TruncatedResult } from './run/shown-value.ts'
export type { NodeStatus, OperatorMark, RunStatus } from './run/state.ts'
export type { OnLoad, WaitState } from './run/wait.ts'
export type { ChainLink, EdgeReason, NodeReasons } from './run/why.ts'
// Snapshot: the portable document.
export { type DeserializeOptions, deserialize } from './snapshot/deserialize.ts'
export type { SnapshotLimits } from './snapshot/limits.ts'
export { type SerializeOptions, serialize } from './snapshot/serialize.ts'
export type { Snapshot } from './snapshot/snapshot.ts'
// Stores: the port and the store of one process.
export type { RunPage, RunSummary, StoreDriver } from './store/driver.ts'
export { memoryBlobs } from './store/memory/memory-blobs.ts'
export { memoryStore } from './store/memory/memory-driver.ts'
export { memoryResults } from './store/memory/memory-results.ts'
export { createStore, type Store } from './store/store.ts'
// Workflow: what a run executes.
export { nodeType, workflow } from './workflow/builder.ts'
export type { MapSettings, RepeatSettings, SettledItem } from './workflow/builder-types.ts'
export { compareWorkflows, type NodeAspect, type WorkflowChange } from './workflow/compare-workflows.ts'
export { createWorkflow, type WorkflowCode } from './workflow/create-workflow.ts'
export type {
  CodeCondition,
  CompensationDefinition,
  ConditionDefinition,
  ConditionOperator,
  EdgeDefinition,
  FallbackDefinition,
  MapDefinition,
  NodeDefinition,
  RepeatDefinition,
  RetryPolicy,
  ReuseDefinition,
  TriggerRule,
  WorkflowDefinition,
} from './workflow/definition.ts'
export type { EdgePredicate, Handler, ItemInfo, NodeContext } from './workflow/handler.ts'
export { parseWorkflow } from './workflow/parse.ts'
export { route } from './workflow/routed.ts'
export { validateDefinition } from './workflow/validate.ts'
export type { AnyWorkflow, NodeFunctions, Workflow } from './workflow/workflow.ts'
