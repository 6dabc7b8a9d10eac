/** A pair still to be compared, and where it stands. */
type Pair = readonly [left: unknown, right: unknown, path: string]

/**
 * The first place where two values differ in anything the codec promises to keep, or null when they are equal.
 * It follows graphs: what is one object on the left has to be one object on the right, and two have to be two. It knows nothing
 * of the codec: prototypes, key order, holes, internal slots and bytes are compared as the language shows them.
 */
export function difference(left: unknown, right: unknown): string | null {
  const partners = new Map<object, object>()
  const reverse = new Map<object, object>()
  const pending: Pair[] = [[left, right, '$']]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [a, b, path] = next
    if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) {
      if (!Object.is(a, b)) return `${path}: ${print(a)} is not ${print(b)}`
      continue
    }
    if (partners.has(a) || reverse.has(b)) {
      if (partners.get(a) !== b || reverse.get(b) !== a) return `${path}: not the same object as before`
      continue
    }
    partners.set(a, b)
    reverse.set(b, a)
    const found = compareObjects(a, b, path, pending)
    if (found !== null) return found
  }
  return null
}

function compareObjects(a: object, b: object, path: string, pending: Pair[]): string | null {
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return `${path}: another prototype`
  if (Array.isArray(a) !== Array.isArray(b)) return `${path}: an array and no array`
  for (const [what, read] of INSIDES) {
    const inside = read(a)
    if (!Object.is(inside, read(b))) return `${path}: ${what} is ${print(inside)}, not ${print(read(b))}`
  }
  if (a instanceof Map && b instanceof Map) {
    if (a.size !== b.size) return `${path}: another size`
    const others = [...b]
    for (const [index, [key, value]] of [...a].entries()) {
      pending.push([key, others[index]?.[0], `${path}<key ${index}>`], [value, others[index]?.[1], `${path}<${index}>`])
    }
  }
  if (a instanceof Set && b instanceof Set) {
    if (a.size !== b.size) return `${path}: another size`
    const others = [...b]
    for (const [index, item] of [...a].entries()) pending.push([item, others[index], `${path}<${index}>`])
  }
  return compareProperties(a, b, path, pending)
}

function compareProperties(a: object, b: object, path: string, pending: Pair[]): string | null {
  if (ArrayBuffer.isView(a)) return null
  const isError = a instanceof Error
  const keys = ownKeys(a, isError)
  const others = ownKeys(b, isError)
  if (keys.join('\n') !== others.join('\n')) return `${path}: keys ${print(keys)}, not ${print(others)}`
  for (const key of keys) pending.push([member(a, key), member(b, key), `${path}.${key}`])
  if (!isError) return null
  for (const key of ['message', 'name']) pending.push([member(a, key), member(b, key), `${path}.${key}`])
  for (const key of ['cause', 'errors']) {
    if (Object.hasOwn(a, key) !== Object.hasOwn(b, key)) return `${path}: ${key} on one side alone`
    pending.push([member(a, key), member(b, key), `${path}.${key}`])
  }
  return null
}

/** Slots of built-ins as primitives; undefined for objects without them. */
const INSIDES: readonly (readonly [what: string, read: (value: object) => unknown])[] = [
  ['time', (value) => (value instanceof Date ? value.getTime() : undefined)],
  ['pattern', (value) => (value instanceof RegExp ? `${value.source} ${value.flags} ${value.lastIndex}` : undefined)],
  ['address', (value) => (value instanceof URL || value instanceof URLSearchParams ? String(value) : undefined)],
  ['length', (value) => (Array.isArray(value) ? value.length : undefined)],
  [
    'primitive',
    (value) =>
      value instanceof Number || value instanceof String || value instanceof Boolean || value instanceof BigInt
        ? value.valueOf()
        : undefined,
  ],
  ['bytes', (value) => bytes(value)?.join() ?? undefined],
]

function bytes(value: object): Uint8Array | undefined {
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  return ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : undefined
}

function ownKeys(value: object, isError: boolean): string[] {
  return Object.keys(value).filter((key) => !isError || key !== 'stack')
}

function member(value: object, key: string): unknown {
  return (value as Readonly<Record<string, unknown>>)[key]
}

function print(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`
  if (Object.is(value, -0)) return '-0'
  try {
    return JSON.stringify(value)?.slice(0, 200) ?? String(value)
  } catch {
    return typeof value
  }
}
