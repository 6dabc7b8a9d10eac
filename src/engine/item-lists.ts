import type { Encoded } from '../base/encoded.ts'
import { NodeError, quote } from '../base/errors.ts'
import { resolvePointer } from '../base/json-pointer.ts'
import type { ValueCodec } from '../base/values/codec.ts'
import type { Run } from '../run/run.ts'
import type { Code } from './attempt.ts'

/** The items of a map node as they came. */
export interface ItemList {
  readonly items: readonly Encoded[]
  /** What tells them apart; null: their place. */
  readonly keys: readonly string[] | null
}

/**
 * The list a map node runs over, from its inputs, each item encoded for itself.
 * @throws {NodeError} NODE_BAD_ITEMS; what the codec throws for an item it can't keep
 */
export function listItems(
  code: Code,
  run: Run,
  index: number,
  inputs: Readonly<Record<string, unknown>>,
  codec: ValueCodec,
): ItemList {
  const { id, map } = run.graph.nodes[index]!
  const { items, key } = map!
  const functions = code.functions(id)
  const found = selectItems()
  if (!Array.isArray(found)) throw badItems(id, `expects a list to map, got ${quote(found)}`)
  const keys = key === undefined ? null : found.map((item, place) => keyOf(item, place))
  const seen = new Set<string>()
  for (const name of keys ?? []) {
    if (seen.has(name)) throw badItems(id, `expects a key of its own for every item, got ${quote(name)} twice`)
    seen.add(name)
  }
  return { items: Array.from(found, (item) => codec.encode(item, { nodeId: id })), keys }

  function selectItems(): unknown {
    if (items === undefined) {
      const upstreams = Object.keys(inputs)
      if (upstreams.length === 1) return inputs[upstreams[0]!]
      throw badItems(id, `maps what its only upstream gave, but has ${upstreams.length} inputs; give it map.items`)
    }
    return typeof items === 'string' ? resolvePointer(inputs, items) : functions!.items!(inputs)
  }

  function keyOf(item: unknown, place: number): string {
    const value: unknown = typeof key === 'string' ? resolvePointer(item, key) : functions!.key!(item)
    if (typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value))) return String(value)
    throw badItems(id, `expects the key of item ${place} to be a string or number, got ${quote(value)}`)
  }
}

/** The item a recorded place stands for, in a list that may have come in another order. @throws {NodeError} NODE_BAD_ITEMS */
export function itemOf(
  run: Run,
  index: number,
  place: number,
  list: ItemList,
  places: ReadonlyMap<string, number> | null,
): Encoded {
  const { keys } = run.state.nodes[index]!.parts!.items!
  const at = keys === null ? place : places?.get(keys[place]!)
  const item = at === undefined ? undefined : list.items[at]
  if (item !== undefined) return item
  const name = keys === null ? String(place) : quote(keys[place])
  throw badItems(run.graph.ids[index]!, `finds no item ${name} in its list any more`)
}

function badItems(nodeId: string, what: string): NodeError {
  return new NodeError('NODE_BAD_ITEMS', `node ${quote(nodeId)} ${what}`, { details: { nodeId } })
}
