import type { CompensationCause } from './compensation.ts'

/** What a run may use up. Every member acts; null means no limit. Kept in the run and in its snapshots. */
export interface RunLimits {
  /** Longest active time of the run in milliseconds, pauses not counted; default null. */
  readonly runTimeoutMs: number | null
  /** Longest time of one attempt in milliseconds, for nodes without a `timeoutMs`; default null. */
  readonly nodeTimeoutMs: number | null
  /** Most nodes; default 1,000,000. */
  readonly maxNodes: number | null
  /** Most attempts started over the whole run, resumes included; default null. */
  readonly maxNodeExecutions: number | null
  /**
   * How often the run may be taken up after a crash without getting anywhere in between, before it is quarantined: whatever brings
   * its processes down is not to bring down the next; default 10.
   */
  readonly maxFruitlessResumes: number | null
  /** Most use of each metered resource, e.g. `{ http: 100 }`; default none. */
  readonly maxUsage: Readonly<Record<string, number>>
  /** Largest result, in characters of its JSON text; default 32 Mi. */
  readonly maxResultBytes: number | null
  /** Largest sum of variables, accumulators, counters, cache and context, in characters of JSON text; default 64 Mi. */
  readonly maxStateBytes: number | null
  /** Largest snapshot, in bytes of compact text before compression; default 64 MiB. */
  readonly maxSnapshotBytes: number | null
}

/** See {@link RunConfig.oversizedResults}. */
export type OversizedResults = 'fail' | 'drop' | 'reference'

/** How a run is carried out; part of its first fact and of every snapshot. */
export interface RunConfig {
  /** Most nodes at once; 1 or more, default 16. With 1, ready nodes start in definition order. */
  readonly concurrency: number
  readonly limits: RunLimits
  /**
   * What becomes of a result over `maxResultBytes`: `fail` (default) fails its node, `drop` keeps a marker in its place,
   * `reference` keeps it outside by its digest, in the `blobs` given, and the reference in its place.
   */
  readonly oversizedResults: OversizedResults
  /** After which ends the compensations of completed nodes run; default none. */
  readonly compensateOn?: readonly CompensationCause[]
}

/** The limits of a run that sets none. */
export const DEFAULT_LIMITS: RunLimits = Object.freeze({
  runTimeoutMs: null,
  nodeTimeoutMs: null,
  maxNodes: 1_000_000,
  maxNodeExecutions: null,
  maxFruitlessResumes: 10,
  maxUsage: Object.freeze({}),
  maxResultBytes: 32 * 1024 * 1024,
  maxStateBytes: 64 * 1024 * 1024,
  maxSnapshotBytes: 64 * 1024 * 1024,
})

/** The configuration of a run that sets none. */
export const DEFAULT_CONFIG: RunConfig = Object.freeze({
  concurrency: 16,
  limits: DEFAULT_LIMITS,
  oversizedResults: 'fail',
})
