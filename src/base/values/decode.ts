import type { ErrorCode } from '../error-codes.ts'
import { isWaystoneError, quote, SnapshotDecodeError, SnapshotSyntaxError } from '../errors.ts'
import type { JsonObject, JsonValue } from '../json.ts'
import { pointer } from '../json-pointer.ts'
import type { ClassRegistry } from './class-codec.ts'
import { decodeTag } from './decode-tag.ts'
import { isStackOverflow, type ValueLimits, valueLimitError } from './limits.ts'
import { isPlainNumber } from './plain.ts'
import { referenceTargets } from './reference-targets.ts'
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

/** What is known of a tree before it is read. */
export interface TreeFacts {
  /** Whether nobody else has the tree, so that it becomes the value instead of being copied into one; default false. */
  readonly isOwned?: boolean
  /** Whether it has no references; default false, which has it searched for them. */
  readonly hasNoReferences?: boolean
  /** JSON Pointer of the tree in its document, put before the paths of errors; default ''. */
  readonly path?: string
}

/**
 * Reads one tagged tree into a value. Recursion is bounded by maxDepth, and a full stack is that limit.
 * A tree of the decoder's own becomes the value in place: a container without tags inside is only looked through, which makes
 * reading 10 MB with one Date cost about what JSON.parse does, and not four times that (bench/codec.mjs, "one Date").
 */
export class Decoder {
  readonly rules: DecodeRules
  readonly #root: JsonValue
  readonly #isOwned: boolean
  readonly #basePath: string
  /** The container each reference leads to, as it stands in the tree. */
  readonly #targets: ReadonlyMap<object, unknown>
  /** What those containers became, as far as they have been read. */
  readonly #decoded = new Map<unknown, object | undefined>()
  readonly #path: (string | number)[] = []
  #members = 0
  #elements = 0
  #refs = 0
  #binaryBytes = 0

  constructor(
    root: JsonValue,
    rules: DecodeRules,
    { isOwned = false, hasNoReferences = false, path = '' }: TreeFacts = {},
  ) {
    this.#root = root
    this.rules = rules
    this.#isOwned = isOwned
    this.#basePath = path
    this.#targets = hasNoReferences ? new Map() : referenceTargets(root)
    for (const target of this.#targets.values()) this.#decoded.set(target, undefined)
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
        if (isPlainNumber(tree)) return tree
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
    if (this.#decoded.size > 0 && this.#decoded.has(tree)) this.#decoded.set(tree, value)
    return value
  }

  reference(tree: JsonObject): object {
    const path = tree['path']
    this.#refs += 1
    if (this.#refs > this.rules.limits.maxRefs) throw this.beyond('maxRefs', this.#refs)
    if (typeof path !== 'string')
      throw this.bad('VALUE_BAD_TAG', `a ref needs a JSON Pointer in path, got ${quote(path)}`)
    const value = this.#decoded.get(this.#targets.get(tree))
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
      const name = isEscapedKey(key) ? key.slice(1) : key
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
    if (Array.isArray(tree)) return this.#array(tree, depth)
    const keys = this.keys(tree, depth)
    if (Object.hasOwn(tree, '#type')) return decodeTag(this, tree as JsonObject, keys, depth)
    // a name that was escaped has to be written anew, and the others with it to keep their order
    if (!this.#isOwned || keys.some(isEscapedKey)) {
      const object = this.found(tree, {})
      this.members(tree as JsonObject, keys, object, depth)
      return object
    }
    this.found(tree, tree)
    this.#membersInPlace(tree as Record<string, unknown>, keys, depth + 1)
    return tree
  }

  #array(tree: unknown[], depth: number): unknown[] {
    this.#count(depth, 0, tree.length)
    const array = this.found(tree, this.#isOwned ? tree : new Array<unknown>(0))
    for (let index = 0; index < tree.length; index += 1) {
      const item = tree[index]
      const value = this.#isPlainScalar(item) ? item : this.child(item, index, depth + 1)
      if (!this.#isOwned) array.push(value)
      else if (value !== item) array[index] = value
    }
    return array
  }

  #membersInPlace(tree: Record<string, unknown>, keys: readonly string[], depth: number): void {
    const { maxKeyLength, maxKeysPerObject } = this.rules.limits
    if (keys.length > maxKeysPerObject) throw this.beyond('maxKeysPerObject', keys.length)
    for (const key of keys) {
      if (key.length > maxKeyLength) throw this.beyond('maxKeyLength', key.length)
      const item = tree[key]
      if (this.#isPlainScalar(item)) continue
      const value = this.child(item, key, depth)
      // an own property of a parsed object: assigning asks no prototype
      if (value !== item) tree[key] = value
    }
  }

  /** Whether a part of the tree is a primitive that stands for itself; most are, and need no place on the path. */
  #isPlainScalar(tree: unknown): boolean {
    switch (typeof tree) {
      case 'string':
        return tree.length <= this.rules.limits.maxStringLength
      case 'number':
        return isPlainNumber(tree)
      case 'boolean':
        return true
      default:
        return tree === null
    }
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

/** Whether a key of a tree is a name that looked like the marker, with one `#` more. */
function isEscapedKey(key: string): boolean {
  return key.charCodeAt(0) === 0x23 && /^##+type$/.test(key)
}
