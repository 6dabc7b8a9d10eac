import type { JsonValue } from '../json.ts'
import { resolvePointer } from '../json-pointer.ts'

/**
 * Where each reference of a tree leads, found before anything is read: reading may change the tree, and only containers
 * that are referred to have to be remembered while it goes on.
 * What only looks like a reference, inside a tag that has none there, costs an entry and is never asked for.
 *
 * @returns from the object that is a `ref` tag to what its path leads to, undefined where nothing stands
 */
export function referenceTargets(root: JsonValue): ReadonlyMap<object, unknown> {
  const targets = new Map<object, unknown>()
  const pending: unknown[] = [root]
  while (pending.length > 0) {
    const tree = pending.pop()
    if (typeof tree !== 'object' || tree === null) continue
    if (Array.isArray(tree)) {
      for (const item of tree) if (typeof item === 'object' && item !== null) pending.push(item)
      continue
    }
    const object = tree as Readonly<Record<string, unknown>>
    for (const key of Object.keys(object)) {
      const member = object[key]
      if (typeof member === 'object' && member !== null) pending.push(member)
    }
    if (Object.hasOwn(object, '#type') && object['#type'] === 'ref' && typeof object['path'] === 'string')
      targets.set(object, resolvePointer(root, object['path']))
  }
  return targets
}
