import { checkOptions, invalidArgument, readArgument } from '../base/argument.ts'
import type { Encoded } from '../base/encoded.ts'
import { kindOf, quote, WaystoneError } from '../base/errors.ts'
import { type Dictionary, dictionary } from '../base/json.ts'
import type { BlobStore, Clock, IdSource, Logger, ResultCache } from '../base/ports.ts'
import { defaultCodec, type ValueCodec } from '../base/values/codec.ts'
import { DEFAULT_VALUE_LIMITS } from '../base/values/limits.ts'
import { isRegistry, type Registry } from '../nodes/registry.ts'
import type { CompensationCause } from '../run/compensation.ts'
import { DEFAULT_CONFIG, DEFAULT_LIMITS, type RunConfig, type RunLimits } from '../run/config.ts'
import type { OnLoad } from '../run/wait.ts'
import { guardedLogger } from './guarded-logger.ts'
import { isListenerType, type ListenersByType } from './listeners.ts'
import { consoleLogger, systemClock, systemIds } from './system.ts'

/** The world an executor works in. */
export interface WorldOptions {
  /** Live clients for handlers (`ctx.services`); never saved. */
  readonly services?: object
  /** Node types beside the workflow's own and the built-in ones. */
  readonly registry?: Registry
  /** Where time comes from; default the host's. */
  readonly clock?: Clock
  /** Where ids and seeds come from; default the host's secure random source. */
  readonly ids?: IdSource
  /** Default: warnings and errors to the console. */
  readonly logger?: Logger
  /** How values are written down; give one with your classes registered. */
  readonly codec?: ValueCodec
  /** Where results over `limits.maxResultBytes` are kept with `oversizedResults: 'reference'`; default none. */
  readonly blobs?: BlobStore
  /** Where results of nodes with `reuse` are kept for other runs; default none, and every handler is called. */
  readonly results?: ResultCache
  /** Functions to call for facts from the first on, by type; as `on` of the executor takes them. */
  readonly listeners?: ListenersByType
}

/** How a run is carried out; what is left out has the default of `RunConfig`. */
export interface ConfigOptions {
  /** Most nodes at once; 1 or more, default 16. */
  readonly concurrency?: number
  readonly limits?: Partial<RunLimits>
  /** What becomes of a result over `limits.maxResultBytes`; default `fail`. */
  readonly oversizedResults?: RunConfig['oversizedResults']
  /** After which ends of the run the compensations of its completed nodes run; default none. */
  readonly compensateOn?: readonly CompensationCause[]
}

/**
 * What happens when the workflow given is not the one a run was made with: `refuse` (default) with a list of what changed,
 * node by node; `warn`: go on with the one given, and log that list; `accept`: go on with it. The change is recorded in
 * the run. What had completed keeps its result.
 */
export type OnWorkflowChange = 'refuse' | 'warn' | 'accept'

/** How timers go on after a load. */
export interface TimerOptions {
  /**
   * `deadline`: to the instant they had, at once when that has passed; `remaining`: for the time they had left when the run
   * was saved; `restart`: from their beginning. Default: each wait's own `onLoad`, which is `deadline` unless it says else.
   */
  readonly timers?: OnLoad
}

/** The values of {@link OnWorkflowChange}. */
export const ON_WORKFLOW_CHANGE: readonly OnWorkflowChange[] = ['refuse', 'warn', 'accept']

/** Options of a new run. */
export interface ExecutorOptions<Input = unknown> extends WorldOptions, ConfigOptions {
  /** Default: a new id. */
  readonly runId?: string
  /** What handlers find in `ctx.input`. */
  readonly input?: Input
  /** Variables the run begins with. */
  readonly variables?: Readonly<Record<string, unknown>>
  /** Context variables and constants the run begins with. */
  readonly context?: {
    readonly variables?: Readonly<Record<string, unknown>>
    readonly constants?: Readonly<Record<string, unknown>>
  }
}

/** What a new run is given: options, which can not be left out when the workflow says that it needs an input. */
export type ExecutorArguments<Input> = undefined extends Input
  ? [options?: ExecutorOptions<Input>]
  : [options: ExecutorOptions<Input> & { readonly input: Input }]

/** The world with everything in its place. */
export interface World {
  readonly services: object
  readonly registry: Registry | null
  readonly clock: Clock
  readonly ids: IdSource
  readonly logger: Logger
  readonly codec: ValueCodec
  readonly blobs: BlobStore | null
  readonly results: ResultCache | null
  readonly listeners: ListenersByType
}

const OVERSIZED_RESULTS: readonly string[] = ['fail', 'drop', 'reference']

/** Names of the options of a world, and of a configuration. */
export const worldOptions: readonly string[] = [
  'services',
  'registry',
  'clock',
  'ids',
  'logger',
  'codec',
  'blobs',
  'results',
  'listeners',
]
export const configOptions: readonly string[] = ['concurrency', 'limits', 'oversizedResults', 'compensateOn']

/** Names of the options of a new run. */
export const executorOptions: readonly string[] = [
  ...worldOptions,
  ...configOptions,
  'runId',
  'input',
  'variables',
  'context',
]

/** Names of the options of a run an engine starts. */
export const startOptions: readonly string[] = [...configOptions, 'runId', 'variables', 'context']

/** Names of the options of a resume. */
export const resumeOptions: readonly string[] = [...configOptions, 'timers']

/** Names of the options of a run that is loaded. */
export const loadOptions: readonly string[] = [
  ...worldOptions,
  ...resumeOptions,
  'cache',
  'onWorkflowChange',
  'snapshotLimits',
]

/** @throws {WaystoneError} ARGUMENT_INVALID */
export function checkTimers({ timers }: TimerOptions): void {
  if (timers !== undefined) checkChoice('timers', timers, ['deadline', 'remaining', 'restart'])
}

/** Refuses what is none of the words an option may have. @throws {WaystoneError} ARGUMENT_INVALID */
export function checkChoice(name: string, value: unknown, choices: readonly string[]): void {
  if (choices.includes(value as string)) return
  const all = choices.map(quote)
  throw invalidArgument(name, `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`, value)
}

/** What each part of a world has to be able to do. */
const worldMethods = {
  clock: ['now', 'setTimer'],
  ids: ['newId', 'newSeed'],
  logger: ['debug', 'info', 'warn', 'error'],
  codec: ['encode', 'decode'],
  blobs: ['put', 'get'],
  results: ['get', 'put'],
} as const

/**
 * The world of an executor, defaults filled in.
 * @throws {WaystoneError} ARGUMENT_INVALID for a part that can't do what is asked of it
 */
export function worldOf(options: WorldOptions): World {
  checkWorld(options)
  return {
    services: options.services ?? {},
    registry: options.registry ?? null,
    clock: options.clock ?? systemClock,
    ids: options.ids ?? systemIds,
    logger: guardedLogger(options.logger ?? consoleLogger),
    codec: options.codec ?? defaultCodec,
    blobs: options.blobs ?? null,
    results: options.results ?? null,
    listeners: options.listeners ?? {},
  }
}

/**
 * A configuration with single fields changed.
 * @throws {WaystoneError} ARGUMENT_INVALID for a field out of range, OPTION_UNKNOWN for a limit nobody enforces
 */
export function configOf(options: ConfigOptions, base: RunConfig = DEFAULT_CONFIG): RunConfig {
  const { concurrency = base.concurrency, limits = {}, oversizedResults = base.oversizedResults } = options
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw invalidArgument('concurrency', 'a whole number of 1 or more', concurrency)
  }
  checkChoice('oversizedResults', oversizedResults, OVERSIZED_RESULTS)
  checkOptions(limits, Object.keys(DEFAULT_LIMITS), 'limits')
  for (const [name, value] of Object.entries(limits)) checkLimit(name, value)
  const { maxUsage = base.limits.maxUsage } = limits
  const { compensateOn = base.compensateOn ?? [] } = options
  const causes = readArgument('compensateOn', () => checkedCauses(compensateOn))
  return Object.freeze({
    concurrency,
    limits: Object.freeze({ ...base.limits, ...limits, maxUsage: Object.freeze({ ...maxUsage }) }),
    oversizedResults,
    ...(causes.length === 0 ? {} : { compensateOn: causes }),
  })
}

const COMPENSATION_CAUSES: readonly CompensationCause[] = ['failure', 'cancel']

/** The causes that are given, each once, in one order. @throws {WaystoneError} ARGUMENT_INVALID */
function checkedCauses(given: unknown): readonly CompensationCause[] {
  if (!Array.isArray(given)) throw invalidArgument('compensateOn', 'an array of "failure" and "cancel"', given)
  for (const cause of given) checkChoice('compensateOn', cause, COMPENSATION_CAUSES)
  return Object.freeze(COMPENSATION_CAUSES.filter((cause) => given.includes(cause)))
}

/** Whether options change anything of a configuration. */
export function changesConfig(options: ConfigOptions): boolean {
  return configOptions.some((name) => (options as Readonly<Record<string, unknown>>)[name] !== undefined)
}

/**
 * Values by name at rest.
 * @param of - the option they were given as, for the message
 * @throws {WaystoneError} ARGUMENT_INVALID when they are no plain object
 */
export function encodeEntries(
  entries: Readonly<Record<string, unknown>> | undefined,
  codec: ValueCodec,
  of: string,
): Dictionary<Encoded> {
  const encoded = dictionary<Encoded>()
  if (entries === undefined) return encoded
  if (typeof entries !== 'object' || kindOf(entries) !== 'object') {
    throw invalidArgument(of, 'an object of values by name', entries)
  }
  for (const [name, value] of readArgument(of, () => Object.entries(entries))) {
    checkName(name, of)
    encoded[name] = codec.encode(value)
  }
  return encoded
}

/** A name is a key of the document a run is saved as. @throws {WaystoneError} STATE_BAD_KEY */
function checkName(name: string, of: string): void {
  const { maxKeyLength } = DEFAULT_VALUE_LIMITS
  if (name.length <= maxKeyLength) return
  throw new WaystoneError(
    'STATE_BAD_KEY',
    `${of} expects names of at most ${maxKeyLength} characters, got one of ${name.length} that begins with ${quote(name)}`,
  )
}

function checkWorld(options: WorldOptions): void {
  const { services, registry } = options
  if (services !== undefined && (typeof services !== 'object' || services === null)) {
    throw invalidArgument('services', 'an object', services)
  }
  if (registry !== undefined && !isRegistry(registry)) {
    throw invalidArgument('registry', 'what createRegistry() gives', registry)
  }
  checkListeners(options.listeners)
  for (const [name, methods] of Object.entries(worldMethods)) {
    const part = options[name as keyof typeof worldMethods] as Readonly<Record<string, unknown>> | undefined
    if (part === undefined) continue
    const missing = readArgument(name, () => methods.filter((method) => typeof part?.[method] !== 'function'))
    if (missing.length === 0) continue
    throw invalidArgument(name, `an object with the methods ${methods.join(', ')}`, part, {
      advice: `it is without ${missing.join(', ')}`,
      details: { missing },
    })
  }
}

function checkListeners(listeners: unknown): void {
  if (listeners === undefined) return
  const expected = 'an object of functions by type of event'
  if (typeof listeners !== 'object' || kindOf(listeners) !== 'object') {
    throw invalidArgument('listeners', expected, listeners)
  }
  for (const [type, listener] of readArgument('listeners', () => Object.entries(listeners as object))) {
    if (!isListenerType(type)) throw invalidArgument('listeners', expected, type)
    if (typeof listener !== 'function') throw invalidArgument(`listeners.${type}`, 'a function', listener)
  }
}

function checkLimit(name: string, value: unknown): void {
  if (name === 'maxUsage') {
    if (typeof value !== 'object' || value === null) {
      throw invalidArgument('limits.maxUsage', 'an object of amounts by resource', value)
    }
    for (const [resource, max] of readArgument('limits.maxUsage', () => Object.entries(value))) {
      checkName(resource, 'limits.maxUsage')
      checkAmount(`maxUsage.${resource}`, max)
    }
  } else if (value !== null) checkAmount(name, value)
}

function checkAmount(name: string, value: unknown): void {
  if (typeof value === 'number' && value >= 0 && Number.isFinite(value)) return
  throw invalidArgument(`limits.${name}`, 'a finite number of 0 or more', value)
}
