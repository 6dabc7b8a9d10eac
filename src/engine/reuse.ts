import { canonicalText } from '../base/canonical.ts'
import { sha256Hex } from '../base/digest.ts'
import { blobOf, type Encoded, encodedText, isTruncated } from '../base/encoded.ts'
import { quote } from '../base/errors.ts'
import type { Clock, Logger, ResultCache } from '../base/ports.ts'
import type { ValueCodec } from '../base/values/codec.ts'
import type { AttemptContext } from '../nodes/context.ts'
import type { RunLimits } from '../run/config.ts'
import type { RunEventOf } from '../run/event.ts'
import type { Run } from '../run/run.ts'
import type { StateWrite } from '../run/state-write.ts'
import type { BlobTexts } from './blobs.ts'
import { entryText, type ReuseEntry, readEntry } from './reuse-entry.ts'

/** What the results of nodes are kept in for other runs, and what that takes. */
export interface ReuseParts {
  readonly results: ResultCache
  readonly codec: ValueCodec
  readonly clock: Clock
  readonly logger: Logger
}

/** A result of another run that stands for an attempt here. */
export interface ReusedResult extends ReuseEntry {
  readonly key: string
}

/** What an attempt is about to be the result of. */
interface Open {
  readonly key: string
  readonly attempt: number
  handles: readonly string[] | null
}

/** Members and punctuation of an entry, beside its output and its writes. */
const ENTRY_FRAME = 65_536

/**
 * The results that runs share. An attempt of a node with `reuse` asks for one before its handler is called, and leaves its own
 * once that is a fact. A cache that fails costs a call of the handler, and a line in the log.
 */
export class Reuse {
  readonly #parts: ReuseParts
  /** Attempts that asked, by place; at most one for each node and item. */
  readonly #open = new Map<string, Open>()

  constructor(parts: ReuseParts) {
    this.#parts = parts
  }

  /**
   * Asks for the result an attempt would have.
   * @param inputs - gives what the handler is called with, as texts by name
   * @returns null, when the node does not reuse results; else the result, or null when there is none
   */
  find(run: Run, ctx: AttemptContext, inputs: () => Inputs): Promise<ReusedResult | null> | null {
    const { reuse = false } = run.graph.nodes[ctx.index]!
    if (reuse === false || run.state.nodes[ctx.index]!.fallback) return null
    const key = keyOf(run, ctx.index, inputs())
    this.#open.set(placeOf(run.path, ctx.nodeId, ctx.place), { key, attempt: ctx.attempt, handles: null })
    return this.#get(key, reuse === true ? Number.POSITIVE_INFINITY : (reuse.maxAgeMs ?? Number.POSITIVE_INFINITY), run)
  }

  /** A handler chose handles by name, which its completion alone does not say. */
  chosen({ path }: Run, { nodeId, place, attempt }: AttemptContext, handles: readonly string[]): void {
    const open = this.#open.get(placeOf(path, nodeId, place))
    if (open?.attempt === attempt) open.handles = handles
  }

  /** A completion is on record: other runs may have its result, unless it came from one, or is not here. */
  recorded({ at, path = [], data }: RunEventOf<'node.completed' | 'item.completed'>): void {
    if (this.#open.size === 0) return
    const place = placeOf(path, data.nodeId, 'item' in data ? data.item : null)
    const open = this.#open.get(place)
    if (open === undefined) return
    this.#open.delete(place)
    const { output, writes = null, attempt, reused } = data
    if (attempt !== open.attempt || reused !== undefined || output === undefined) return
    if (isTruncated(output) || blobOf(output) !== null) return
    void this.#put(open.key, entryText({ at, handles: open.handles, output, writes }))
  }

  async #get(key: string, maxAgeMs: number, { state }: Run): Promise<ReusedResult | null> {
    const { results, codec, clock, logger } = this.#parts
    try {
      const text: unknown = await results.get(key)
      if (text === null || text === undefined) return null
      const entry = typeof text !== 'string' ? 'is no text' : readWithin(text, state.config.limits, codec)
      if (typeof entry === 'string') {
        logger.warn(`the result kept under ${key} ${entry}; the handler is called instead`, { key })
        return null
      }
      const ageMs = clock.now() - entry.at
      return ageMs > maxAgeMs
        ? null
        : { ...entry, key, writes: entry.writes?.map((write) => later(write, ageMs)) ?? null }
    } catch (error) {
      logger.warn(`the result kept under ${key} can not be asked for; the handler is called instead`, { key, error })
      return null
    }
  }

  async #put(key: string, text: string): Promise<void> {
    try {
      await this.#parts.results.put(key, text)
    } catch (error) {
      this.#parts.logger.warn(`a result could not be kept under ${key}; other runs make it themselves`, { key, error })
    }
  }
}

/** What a handler is called with: of an item the item, else the outputs of the upstreams it was reached from. */
export type Inputs = { readonly item: Encoded } | { readonly upstreams: ReadonlyMap<string, string> }

/** The texts of the outputs a node's handler is called with, by upstream. */
export function upstreamTexts(
  { graph, state }: Run,
  inputs: Readonly<Record<string, unknown>>,
  texts: BlobTexts | null,
): Inputs {
  const upstreams = new Map<string, string>()
  for (const id of Object.keys(inputs)) {
    const output = state.nodes[graph.indexOf.get(id)!]!.output
    if (output === undefined) continue
    const blob = blobOf(output)
    upstreams.set(id, blob === null ? encodedText(output) : texts!.get(blob.digest)!)
  }
  return { upstreams }
}

/**
 * What a result is the result of: the node as far as its handler can see it (`type`, `data`, declared `version`), the run's
 * input and the node's own. Values count by the text they are kept as, in which the order of keys, which handlers see, stands.
 */
function keyOf({ graph, state }: Run, index: number, inputs: Inputs): string {
  const { type, data = null, version = null } = graph.nodes[index]!
  const own =
    'item' in inputs
      ? { item: encodedText(inputs.item) }
      : { upstreams: [...inputs.upstreams].sort(([a], [b]) => (a < b ? -1 : 1)) }
  return sha256Hex(canonicalText({ form: 1, type, data, version, input: encodedText(state.input), ...own }))
}

function placeOf(path: readonly string[], nodeId: string, item: number | null): string {
  return JSON.stringify([path, nodeId, item])
}

/** An entry of no more than a completion may be. */
function readWithin(
  text: string,
  { maxResultBytes, maxStateBytes }: RunLimits,
  codec: ValueCodec,
): ReuseEntry | string {
  const max = (maxResultBytes ?? Number.POSITIVE_INFINITY) + (maxStateBytes ?? Number.POSITIVE_INFINITY) + ENTRY_FRAME
  if (text.length > max)
    return `is ${quote(text.length)} characters, more than limits.maxResultBytes and maxStateBytes allow`
  return readEntry(text, codec.check)
}

/** A write as it would be made now: what was to live for a time lives for that time from here on. */
function later(write: StateWrite, ageMs: number): StateWrite {
  if (write.area !== 'cache' || write.op !== 'set' || write.expiresAt === null) return write
  return { ...write, expiresAt: write.expiresAt + ageMs }
}
