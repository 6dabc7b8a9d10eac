import { isPlainObject } from './copy-json.ts'

/**
 * Whether two values are equal as JSON: same kinds, nothing converted, members of objects in any order.
 * @param left - JSON data; the walk goes as far as it does
 * @param right - anything
 * @throws whatever reading a property of `right` throws
 */
export function sameJson(left: unknown, right: unknown): boolean {
  if (left === right) return true
  const pairs: unknown[] = [left, right]
  while (pairs.length > 0) {
    const b = pairs.pop()
    const a = pairs.pop()
    if (a === b) continue
    if (typeof a !== 'object' || a === null) return false
    if (Array.isArray(a)) {
      if (!Array.isArray(b) || a.length !== b.length) return false
      for (let index = 0; index < a.length; index += 1) pairs.push(a[index], b[index])
    } else {
      if (!isPlainObject(b)) return false
      const keys = Object.keys(a)
      if (keys.length !== Object.keys(b).length) return false
      for (const key of keys) {
        if (!Object.hasOwn(b, key)) return false
        pairs.push((a as Record<string, unknown>)[key], b[key])
      }
    }
  }
  return true
}
