import type { ErrorCode } from '../error-codes.ts'
import { isWaystoneError, quote, SnapshotDecodeError, SnapshotSyntaxError } from '../errors.ts'
import type { JsonObject, JsonValue } from '../json.ts'
import { pointer, resolvePointer } from '../json-pointer.ts'
import type { ClassRegistry } from './class-codec.ts'
import { decodeTag } from './decode-tag.ts'
import { isStackOverflow, type ValueLimits, valueLimitError } from './limits.ts'
import { setOwn } from './set-own.ts'

/** What a decoder does with what it may do in more than one way. */
export interface DecodeRules {
  readonly classes: ClassRegistry
  readonly limits: ValueLimits
  readonly regexp: 'allow' | 'refuse'
  readonly unknownClasses: 'refuse' | 'opaque'
  /** Whether class codecs are called; a check only asks whether there is one. */
  readonly instances: 'make' | 'check'
}

/** Reads one tagged tree into a value of its own. Recursion is bounded by maxDepth, and a full stack is that limit. */
export class Decoder {
  readonly rules: DecodeRules
  readonly #root: JsonValue
  readonly #basePath: string
  /** What each container and tag of the tree became, so that references find it; references themselves are not in it. */
  readonly #decoded = new Map<object, object>()
  readonly #path: (string | number)[] = []
  #members = 0
  #elements = 0
  #refs = 0
  #binaryBytes = 0

  constructor(root: JsonValue, rules: DecodeRules, basePath = '') {
    this.#root = root
    this.rules = rules
    this.#basePath = basePath
  }

  /** @throws {SnapshotDecodeError} VALUE_*; {SnapshotLimitError} VALUE_LIMIT; {SnapshotSyntaxError} SNAPSHOT_FORBIDDEN_KEY, SNAPSHOT_NON_FINITE */
  decode(): unknown {
    try {
      return this.value(this.#root, 1)
    } catch (error) {
      if (isStackOverflow(error) && !isWaystoneError(error)) throw this.beyond('maxDepth', null, error)
      throw error
    }
  }

  value(tree: unknown, depth: number): unknown {
    switch (typeof tree) {
      case 'string':
        return this.string(tree, 'maxStringLength')
      case 'number':
        if (Number.isFinite(tree) && !Object.is(tree, -0)) return tree
        throw this.syntax(
          'SNAPSHOT_NON_FINITE',
          `a number of plain JSON is finite and not -0, got ${Object.is(tree, -0) ? '-0' : tree}`,
        )
      case 'boolean':
        return tree
      case 'object':
        return tree === null ? null : this.#container(tree, depth)
      default:
        throw this.bad('VALUE_BAD_TAG', `expected JSON, got ${quote(tree)}`)
    }
  }

  /** Reads a member or element one level down, keeping the path for errors. */
  child(tree: unknown, key: string | number, depth: number): unknown {
    this.#path.push(key)
    const value = this.value(tree, depth)
    this.#path.pop()
    return value
  }

  /** Runs something with a key on the path; for what is read without being a value. */
  under<T>(key: string | number, read: () => T): T {
    this.#path.push(key)
    const result = read()
    this.#path.pop()
    return result
  }

  string(text: string, limit: 'maxStringLength' | 'maxKeyLength'): string {
    if (text.length > this.rules.limits[limit]) throw this.beyond(limit, text.length)
    return text
  }

  /** Remembers what a part of the tree became; from now on references may point to it. */
  found<T extends object>(tree: object, value: T): T {
    this.#decoded.set(tree, value)
    return value
  }

  reference(path: unknown): object {
    this.#refs += 1
    if (this.#refs > this.rules.limits.maxRefs) throw this.beyond('maxRefs', this.#refs)
    if (typeof path !== 'string')
      throw this.bad('VALUE_BAD_TAG', `a ref needs a JSON Pointer in path, got ${quote(path)}`)
    const target = resolvePointer(this.#root, path)
    const value = typeof target === 'object' && target !== null ? this.#decoded.get(target) : undefined
    if (value === undefined)
      throw this.bad(
        'VALUE_BAD_REF',
        `the reference ${quote(path)} does not point to an earlier container of its value`,
      )
    return value
  }

  /** The elements of an array of the tree that is part of a tag, counted. */
  elements(tree: unknown, name: string, depth: number): readonly unknown[] {
    if (!Array.isArray(tree)) throw this.bad('VALUE_BAD_TAG', `${name} has to be an array, got ${quote(tree)}`)
    this.#count(depth, 0, tree.length)
    return tree as readonly unknown[]
  }

  countBytes(bytes: number): void {
    this.#binaryBytes += bytes
    if (this.#binaryBytes > this.rules.limits.maxBinaryBytes) throw this.beyond('maxBinaryBytes', this.#binaryBytes)
  }

  /** Copies the members of a plain object of the tree into an object. */
  members(tree: JsonObject, keys: readonly string[], into: object, depth: number): void {
    const { maxKeyLength, maxKeysPerObject } = this.rules.limits
    if (keys.length > maxKeysPerObject) throw this.beyond('maxKeysPerObject', keys.length)
    for (const key of keys) {
      const name = /^##+type$/.test(key) ? key.slice(1) : key
      if (name.length > maxKeyLength) throw this.beyond('maxKeyLength', name.length)
      setOwn(into, name, this.child(tree[key], key, depth + 1))
    }
  }

  /** The keys of an object of the tree, counted and none of them forbidden. */
  keys(tree: object, depth: number): readonly string[] {
    const keys = Object.keys(tree)
    this.#count(depth, keys.length, 0)
    if (Object.hasOwn(tree, '__proto__'))
      throw this.syntax('SNAPSHOT_FORBIDDEN_KEY', 'no document has the key __proto__')
    return keys
  }

  bad(code: ErrorCode, what: string, cause?: unknown): SnapshotDecodeError {
    return new SnapshotDecodeError(code, this.#message(what), { details: { path: this.path() }, cause })
  }

  syntax(code: ErrorCode, what: string): SnapshotSyntaxError {
    return new SnapshotSyntaxError(code, this.#message(what), { details: { path: this.path() } })
  }

  beyond(limit: keyof ValueLimits, actual: number | null, cause?: unknown): Error {
    return valueLimitError(limit, this.rules.limits[limit], actual, { path: this.path() }, cause)
  }

  path(): string {
    return (this.#basePath + pointer(...this.#path)).toWellFormed()
  }

  #container(tree: object, depth: number): unknown {
    if (Array.isArray(tree)) {
      const items = this.elements(tree, 'array', depth)
      const array = this.found(tree, new Array<unknown>(0))
      for (let index = 0; index < items.length; index += 1) array.push(this.child(items[index], index, depth + 1))
      return array
    }
    const keys = this.keys(tree, depth)
    if (Object.hasOwn(tree, '#type')) return decodeTag(this, tree as JsonObject, keys, depth)
    const object = this.found(tree, {})
    this.members(tree as JsonObject, keys, object, depth)
    return object
  }

  #count(depth: number, members: number, elements: number): void {
    this.#members += members
    this.#elements += elements
    const { maxDepth, maxMembers, maxElements } = this.rules.limits
    if (depth > maxDepth) throw this.beyond('maxDepth', depth)
    if (this.#members > maxMembers) throw this.beyond('maxMembers', this.#members)
    if (this.#elements > maxElements) throw this.beyond('maxElements', this.#elements)
  }

  #message(what: string): string {
    const path = this.path()
    return path === '' ? what : `${what}, at ${quote(path)}`
  }
}
