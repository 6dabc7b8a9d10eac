import type { Encoded } from '../base/encoded.ts'
import type { BlobStore } from '../base/ports.ts'
import { mayHaveReference } from '../base/values/plain.ts'
import type { ContextHost } from '../nodes/context.ts'
import { gatherItems, shownError } from '../run/gather.ts'
import type { Run } from '../run/run.ts'
import { type Code, inputsOf } from './attempt.ts'
import { type BlobTexts, blobsNeeded, readBlobs } from './blobs.ts'
import { type ItemList, itemOf, listItems } from './item-lists.ts'

/**
 * The lists of the map nodes of a run, as they came from their upstreams. Kept beside the state and made anew after a load:
 * the state has what was done of each item, and the upstream's result has the items.
 */
export class MapItems {
  readonly #host: ContextHost & { readonly run: Run }
  readonly #code: Code
  readonly #blobs: BlobStore | null
  readonly #lists = new Map<number, { readonly list: ItemList; places: ReadonlyMap<string, number> | null }>()
  readonly #reading = new Map<number, Promise<void>>()

  constructor(host: ContextHost & { readonly run: Run }, code: Code, blobs: BlobStore | null) {
    this.#host = host
    this.#code = code
    this.#blobs = blobs
  }

  /** The list of a node, if it is known. */
  listed(index: number): ItemList | undefined {
    return this.#lists.get(index)?.list
  }

  /** Drops a list, which is then made anew. */
  forget(index: number): void {
    this.#lists.delete(index)
  }

  /**
   * Makes the list of a node known.
   * @returns null when it is known now; else what resolves once it can be asked for again
   * @throws {NodeError} NODE_BAD_ITEMS
   */
  read(index: number): Promise<void> | null {
    if (this.#lists.has(index)) return null
    const reading = this.#reading.get(index)
    if (reading !== undefined) return reading
    const { run } = this.#host
    const inputs = inputsOf(this.#host, run, index, null)
    if (inputs !== null) {
      this.#keep(index, inputs)
      return null
    }
    const texts = readBlobs(this.#blobs, blobsNeeded(run, index)).then((texts: BlobTexts) => {
      this.#keep(index, inputsOf(this.#host, run, index, texts)!)
    })
    const settled = texts.finally(() => this.#reading.delete(index))
    this.#reading.set(index, settled)
    return settled
  }

  /** The item at a recorded place, of a node whose list is known. @throws {NodeError} NODE_BAD_ITEMS */
  item(index: number, place: number): Encoded {
    const known = this.#lists.get(index)!
    const { keys } = known.list
    known.places ??= keys === null ? null : new Map(keys.map((key, at) => [key, at]))
    return itemOf(this.#host.run, index, place, known.list, known.places)
  }

  /**
   * The output of a node whose items are through, and whether it is what their outputs come to as they stand: one that
   * refers to a place inside itself stands elsewhere inside the whole.
   */
  gathered(index: number): { readonly output: Encoded; readonly isAsItStands: boolean } {
    const { run, codec } = this.#host
    const { map } = run.graph.nodes[index]!
    const items = run.state.nodes[index]!.parts!.items!
    this.forget(index)
    const refers = items.list.some(
      ({ output }) => typeof output === 'object' && output !== null && mayHaveReference(output.json),
    )
    if (!refers) return { output: gatherItems(map!, items), isAsItStands: true }
    const { onItemError = 'fail' } = map!
    const whole = items.list.flatMap(({ status, output, error }) => {
      if (status === 'completed') {
        const value = codec.decode(output!)
        return [onItemError === 'settle' ? { status, value } : value]
      }
      return onItemError === 'settle' ? [{ status, error: shownError(error!) }] : []
    })
    return { output: codec.encode(whole), isAsItStands: false }
  }

  #keep(index: number, inputs: Readonly<Record<string, unknown>>): void {
    const { run, codec } = this.#host
    this.#lists.set(index, { list: listItems(this.#code, run, index, inputs, codec), places: null })
  }
}
