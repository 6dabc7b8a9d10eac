import { isWaystoneError } from '../errors.ts'
import type { JsonObject, JsonValue } from '../json.ts'
import { isIntrinsicArrayKeys } from './array-keys.ts'
import { brandOf, isPlainPrototype, isPrototypeOf } from './brand.ts'
import { type ClassRegistry, isClassName, isClassVersion, OpaqueValue, type RegisteredClass } from './class-codec.ts'
import { encodeBuiltin } from './encode-builtin.ts'
import { encodeError } from './encode-error.ts'
import { type Encoding, isTypeKey, type Place, ROOT } from './encoding.ts'
import { isErrorValue } from './error-family.ts'
import { isStackOverflow, isTooLongText } from './limits.ts'
import { refusedKind } from './refused-kind.ts'
import { treeText } from './tree-text.ts'

/** What an encoder does with what it may do in more than one way. */
export interface EncodeRules {
  readonly classes: ClassRegistry
  readonly regexp: 'allow' | 'refuse'
}

/** V8 has room for 536,870,888 characters, others for more or fewer. */
const TOO_LONG = 'value whose text is longer than a string can be'

/** A JSON tree while it is built. */
type Members = Record<string, JsonValue>

/**
 * Encodes one value as a JSON tree, which native JSON.stringify then writes. Parts a survey found plain stand in it as they are;
 * everything else is copied, so that whatever a value's accessors and proxies answer, they are asked once. Recursion is bounded by maxDepth, and a full stack is that limit.
 */
export class Encoder {
  readonly encoding: Encoding
  readonly rules: EncodeRules
  readonly #tagged: ReadonlySet<object> | null

  /** @param tagged - what a survey found to need the encoder; null when it has to look at everything */
  constructor(encoding: Encoding, rules: EncodeRules, tagged: ReadonlySet<object> | null) {
    this.encoding = encoding
    this.rules = rules
    this.#tagged = tagged
  }

  /** @throws {UnserializableValueError} VALUE_*; {SnapshotLimitError} VALUE_LIMIT */
  text(value: unknown): string {
    try {
      return treeText(this.value(value, ROOT, 1))
    } catch (error) {
      throw this.failure(error)
    }
  }

  /** What is said of an error that came while a value was encoded or its text written. */
  failure(error: unknown): Error {
    const { encoding } = this
    if (isWaystoneError(error)) return error
    if (isStackOverflow(error)) return encoding.beyond('maxDepth', null, encoding.at, error)
    if (isTooLongText(error)) return encoding.refusal('VALUE_UNSUPPORTED', ROOT, TOO_LONG, error)
    return encoding.refusal('VALUE_ACCESSOR', encoding.at, 'unreadable value', error)
  }

  /** The tree of a value; `depth` is the level it opens if it is a container or tag, 1 for the root. */
  value(value: unknown, place: Place, depth: number): JsonValue {
    switch (typeof value) {
      case 'string':
        return this.encoding.string(value, place, depth)
      case 'number':
        return this.encoding.number(value, place, depth)
      case 'boolean':
        return value
      case 'undefined':
        return this.encoding.undefined(place, depth)
      case 'bigint':
        return this.encoding.bigint(value, place, depth)
      case 'object':
        return value === null ? null : this.#object(value, place, depth)
      case 'function':
        throw this.encoding.refusal('VALUE_FUNCTION', place, 'function')
      default:
        throw this.encoding.refusal('VALUE_SYMBOL', place, 'symbol')
    }
  }

  /** Reads a property once, whatever it is. */
  read(container: object, key: string | number, place: Place): unknown {
    try {
      return (container as Readonly<Record<string, unknown>>)[key]
    } catch (error) {
      throw this.encoding.refusal('VALUE_ACCESSOR', { parent: place, key }, 'throwing accessor', error)
    }
  }

  /**
   * Encodes the members of an object that is the encoder's own, in place: the values are in it, read already.
   * They become pairs where a key can't stand as a member.
   */
  members(own: Record<string, unknown>, place: Place, depth: number, nullPrototype = false): JsonValue {
    const { encoding } = this
    const keys = Object.keys(own)
    if (nullPrototype || keys.some((key) => key === '__proto__' || !key.isWellFormed())) {
      return this.#entries(own, keys, place, depth, nullPrototype)
    }
    encoding.count(place, depth, keys.length, 0)
    const { maxKeyLength, maxKeysPerObject } = encoding.limits
    if (keys.length > maxKeysPerObject) throw encoding.beyond('maxKeysPerObject', keys.length, place)
    let hasTypeKey = false
    for (const key of keys) {
      if (key.length > maxKeyLength) throw encoding.beyond('maxKeyLength', key.length, place)
      const value = own[key]
      const isEscaped = isTypeKey(key)
      if (isEscaped) hasTypeKey = true
      if (!this.#standsAsItIs(value)) {
        own[key] = this.value(value, { parent: place, key: isEscaped ? `#${key}` : key }, depth + 1)
      }
    }
    return hasTypeKey ? escaped(own as Members) : (own as Members)
  }

  #entries(
    own: Readonly<Record<string, unknown>>,
    keys: readonly string[],
    place: Place,
    depth: number,
    nullPrototype: boolean,
  ): JsonValue {
    const { encoding } = this
    encoding.count(place, depth + (keys.length > 0 ? 2 : 1), nullPrototype ? 3 : 2, keys.length * 3)
    const at: Place = { parent: place, key: 'entries' }
    const entries = keys.map((key, index): JsonValue => {
      const pair: Place = { parent: at, key: index }
      const name = encoding.string(key, { parent: pair, key: 0 }, depth + 3, true)
      return [name, this.value(own[key], { parent: pair, key: 1 }, depth + 3)]
    })
    return nullPrototype ? { '#type': 'Object', entries, proto: null } : { '#type': 'Object', entries }
  }

  #object(value: object, place: Place, depth: number): JsonValue {
    const { encoding } = this
    if (this.#isFoundPlain(value)) return value as unknown as JsonValue
    encoding.at = place
    const earlier = encoding.meet(value, place)
    if (earlier !== undefined) return encoding.reference(value, earlier, place, depth)
    const prototype = Object.getPrototypeOf(value) as object | null
    const codec = prototype === null ? undefined : this.rules.classes.forPrototype(prototype)
    return codec === undefined
      ? this.#unregistered(value, prototype, place, depth)
      : this.#instance(value, codec, place, depth)
  }

  /** Whether a container was found plain by a survey. */
  #isFoundPlain(value: object): boolean {
    return this.#tagged !== null && !this.#tagged.has(value)
  }

  /** True for nearly every part of a value, and so asked before a place is made for it. */
  #standsAsItIs(value: unknown): boolean {
    return typeof value === 'object' && value !== null ? this.#isFoundPlain(value) : this.encoding.isPlain(value)
  }

  #unregistered(value: object, prototype: object | null, place: Place, depth: number): JsonValue {
    const mayHaveBrand = prototype !== null && prototype !== Object.prototype && !Array.isArray(value)
    const brand = mayHaveBrand ? brandOf(value, prototype) : undefined
    if (isExactArray(value, prototype)) {
      this.#refuseSymbolKeys(value, place)
      return this.#array(value, place, depth)
    }
    if (brand !== undefined) {
      this.#refuseSymbolKeys(value, place)
      return encodeBuiltin(this, value, brand, place, depth)
    }
    if (isPlainPrototype(prototype) && isOrdinary(value)) {
      this.#refuseSymbolKeys(value, place)
      return this.members(this.#copy(value, place), place, depth, prototype === null)
    }
    if (prototype === OpaqueValue.prototype) return this.#opaque(value as OpaqueValue, place, depth)
    if (prototype !== null && !isPlainPrototype(prototype) && isErrorValue(value)) {
      this.#refuseSymbolKeys(value, place)
      return encodeError(this, value as Error, place, depth)
    }
    const { code, kind } = refusedKind(value)
    throw this.encoding.refusal(code, place, kind)
  }

  /** The members of an object in one of the encoder's own: each read once, in order, by the engine's own copying. */
  #copy(value: object, place: Place): Record<string, unknown> {
    try {
      return { ...value }
    } catch (error) {
      for (const key of Object.keys(value)) this.read(value, key, place)
      throw error
    }
  }

  #refuseSymbolKeys(value: object, place: Place): void {
    for (const symbol of Object.getOwnPropertySymbols(value)) {
      const isEnumerable = Object.prototype.propertyIsEnumerable.call(value, symbol)
      if (isEnumerable) throw this.encoding.refusal('VALUE_SYMBOL_KEY', place, 'symbol key')
    }
  }

  #array(array: readonly unknown[], place: Place, depth: number): JsonValue {
    const { encoding } = this
    const { length } = array
    const keys = Object.keys(array)
    if (!isIntrinsicArrayKeys(keys, length)) return this.#sparse(array, keys, place, depth)
    encoding.count(place, depth, 0, length)
    const items: JsonValue[] = []
    for (let index = 0; index < length; index += 1) {
      const item = this.read(array, index, place)
      items.push(
        this.#standsAsItIs(item) ? (item as JsonValue) : this.value(item, { parent: place, key: index }, depth + 1),
      )
    }
    return items
  }

  /** Only own keys are visited, so that the cost follows what is there and not the length. */
  #sparse(array: readonly unknown[], keys: readonly string[], place: Place, depth: number): JsonValue {
    const { encoding } = this
    const { length } = array
    if (length > encoding.limits.maxSparseLength) throw encoding.beyond('maxSparseLength', length, place)
    encoding.count(place, depth + (keys.length > 0 ? 2 : 1), 3, keys.length * 3)
    const at: Place = { parent: place, key: 'entries' }
    const entries = keys.map((key, index): JsonValue => {
      const pair: Place = { parent: at, key: index }
      const name = isElement(key, length)
        ? Number(key)
        : encoding.string(key, { parent: pair, key: 0 }, depth + 3, true)
      const value = this.read(array, key, { parent: pair, key: 1 })
      return [name, this.value(value, { parent: pair, key: 1 }, depth + 3)]
    })
    return { '#type': 'Array', entries, length }
  }

  #instance(value: object, codec: RegisteredClass, place: Place, depth: number): JsonValue {
    let data: unknown
    try {
      data = codec.encode(value)
    } catch (error) {
      throw this.encoding.refusal('VALUE_CLASS_FAILED', place, codec.name, error)
    }
    return this.#class(value, codec.name, codec.version, data, place, depth)
  }

  #opaque(value: OpaqueValue, place: Place, depth: number): JsonValue {
    const { name, version, data } = value
    if (!isClassName(name) || !isClassVersion(version)) {
      throw this.encoding.refusal('VALUE_CLASS', place, 'OpaqueValue')
    }
    return this.#class(value, name, version, data, place, depth)
  }

  #class(value: object, name: string, version: number, data: unknown, place: Place, depth: number): JsonObject {
    const { encoding } = this
    encoding.count(place, depth, 4, 0)
    // the instance exists only when its data has been read whole
    encoding.begin(value)
    const tree = this.value(data, { parent: place, key: 'value' }, depth + 1)
    encoding.end(value)
    return { '#type': 'class', name, value: tree, v: version }
  }
}

/** The same members in the same order, those named like the marker with one `#` more. */
function escaped(members: Readonly<Members>): Members {
  return Object.fromEntries(Object.keys(members).map((key) => [isTypeKey(key) ? `#${key}` : key, members[key]!]))
}

/** Whether a value is an array of the class Array itself, here or in another realm. */
function isExactArray(value: object, prototype: object | null): value is readonly unknown[] {
  if (!Array.isArray(value) || prototype === null) return false
  return prototype === Array.prototype || isPrototypeOf(prototype, 'Array')
}

/** Whether an own key of an array names one of its elements. */
function isElement(key: string, length: number): boolean {
  const index = Number(key)
  return Number.isInteger(index) && index >= 0 && index < length && String(index) === key
}

/** Whether an object with a plain prototype is nothing else: no error, arguments or namespace such as Math. */
function isOrdinary(value: object): boolean {
  if (Object.hasOwn(value, Symbol.toStringTag)) return false
  return Symbol.toStringTag in value || Object.prototype.toString.call(value) === '[object Object]'
}
