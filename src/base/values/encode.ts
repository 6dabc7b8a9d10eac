import { isWaystoneError } from '../errors.ts'
import { isIntrinsicArrayKeys } from './array-keys.ts'
import { brandOf, isPlainPrototype, isPrototypeOf } from './brand.ts'
import { type ClassRegistry, isClassName, isClassVersion, OpaqueValue, type RegisteredClass } from './class-codec.ts'
import { writeBuiltin } from './encode-builtin.ts'
import { writeError } from './encode-error.ts'
import { isErrorValue } from './error-family.ts'
import { isStackOverflow } from './limits.ts'
import { refusedKind } from './refused-kind.ts'
import { isTypeKey, type Place, ROOT, type Writer } from './writer.ts'

/** What an encoder does with what it may do in more than one way. */
export interface EncodeRules {
  readonly classes: ClassRegistry
  readonly regexp: 'allow' | 'refuse'
}

/** Writes one value with tags. Recursion is bounded by maxDepth, and a full stack is reported as that limit. */
export class Encoder {
  readonly writer: Writer
  readonly rules: EncodeRules

  constructor(writer: Writer, rules: EncodeRules) {
    this.writer = writer
    this.rules = rules
  }

  /** @throws {UnserializableValueError} VALUE_*; {SnapshotLimitError} VALUE_LIMIT */
  text(value: unknown): string {
    try {
      this.value(value, ROOT, 1)
    } catch (error) {
      if (isWaystoneError(error)) throw error
      if (isStackOverflow(error)) throw this.writer.beyond('maxDepth', null, this.writer.at, error)
      throw this.writer.refusal('VALUE_ACCESSOR', this.writer.at, 'unreadable value', error)
    }
    return this.writer.finish()
  }

  /** Writes a value; `depth` is the level it opens if it is a container or tag, 1 for the root. */
  value(value: unknown, place: Place, depth: number): void {
    switch (typeof value) {
      case 'string':
        this.writer.string(value, place, depth)
        break
      case 'number':
        this.writer.number(value, place, depth)
        break
      case 'boolean':
        this.writer.put(value ? 'true' : 'false')
        break
      case 'undefined':
        this.writer.undefined(place, depth)
        break
      case 'bigint':
        this.writer.bigint(value, place, depth)
        break
      case 'object':
        if (value === null) this.writer.put('null')
        else this.#object(value, place, depth)
        break
      case 'function':
        throw this.writer.refusal('VALUE_FUNCTION', place, 'function')
      default:
        throw this.writer.refusal('VALUE_SYMBOL', place, 'symbol')
    }
  }

  /** Reads a property once, whatever it is. */
  read(container: object, key: string | number, place: Place): unknown {
    try {
      return (container as Readonly<Record<string, unknown>>)[key]
    } catch (error) {
      throw this.writer.refusal('VALUE_ACCESSOR', { parent: place, key }, 'throwing accessor', error)
    }
  }

  /** Writes the members of an object, or `[key, value]` pairs where a key can't stand as a member. */
  object(
    keys: readonly string[],
    read: (key: string) => unknown,
    place: Place,
    depth: number,
    nullPrototype = false,
  ): void {
    const { writer } = this
    if (nullPrototype || keys.some((key) => key === '__proto__' || !key.isWellFormed())) {
      writer.count(place, depth + (keys.length > 0 ? 2 : 1), nullPrototype ? 3 : 2, keys.length * 3)
      writer.put('{"#type":"Object","entries":[')
      const entries: Place = { parent: place, key: 'entries' }
      for (const [index, key] of keys.entries()) {
        const pair: Place = { parent: entries, key: index }
        writer.put(index === 0 ? '[' : ',[')
        writer.string(key, { parent: pair, key: 0 }, depth + 3, true)
        writer.put(',')
        this.value(read(key), { parent: pair, key: 1 }, depth + 3)
        writer.put(']')
      }
      writer.put(nullPrototype ? '],"proto":null}' : ']}')
      return
    }
    writer.count(place, depth, keys.length, 0)
    if (keys.length > writer.limits.maxKeysPerObject) throw writer.beyond('maxKeysPerObject', keys.length, place)
    let separator = '{'
    for (const key of keys) {
      const name = separator + writer.keyText(key, place)
      const value = read(key)
      const text = writer.plainText(value)
      separator = ','
      if (text === null) {
        writer.put(name)
        this.value(value, { parent: place, key: isTypeKey(key) ? `#${key}` : key }, depth + 1)
      } else {
        writer.put(name + text)
      }
    }
    writer.put(keys.length === 0 ? '{}' : '}')
  }

  #object(value: object, place: Place, depth: number): void {
    const { writer } = this
    writer.at = place
    const earlier = writer.meet(value, place)
    if (earlier !== undefined) {
      writer.reference(value, earlier, place, depth)
      return
    }
    const prototype = Object.getPrototypeOf(value) as object | null
    const codec = prototype === null ? undefined : this.rules.classes.forPrototype(prototype)
    if (codec === undefined) this.#unregistered(value, prototype, place, depth)
    else this.#instance(value, codec, place, depth)
  }

  #unregistered(value: object, prototype: object | null, place: Place, depth: number): void {
    const { writer } = this
    const mayHaveBrand = prototype !== null && prototype !== Object.prototype && !Array.isArray(value)
    const brand = mayHaveBrand ? brandOf(value, prototype) : undefined
    if (isExactArray(value, prototype)) {
      this.#refuseSymbolKeys(value, place)
      this.#array(value, place, depth)
    } else if (brand !== undefined) {
      this.#refuseSymbolKeys(value, place)
      writeBuiltin(this, value, brand, place, depth)
    } else if (isPlainPrototype(prototype) && isOrdinary(value)) {
      this.#refuseSymbolKeys(value, place)
      this.object(Object.keys(value), (key) => this.read(value, key, place), place, depth, prototype === null)
    } else if (prototype === OpaqueValue.prototype) {
      this.#opaque(value as OpaqueValue, place, depth)
    } else if (prototype !== null && !isPlainPrototype(prototype) && isErrorValue(value)) {
      this.#refuseSymbolKeys(value, place)
      writeError(this, value as Error, place, depth)
    } else {
      const { code, kind } = refusedKind(value)
      throw writer.refusal(code, place, kind)
    }
  }

  #refuseSymbolKeys(value: object, place: Place): void {
    for (const symbol of Object.getOwnPropertySymbols(value)) {
      const isEnumerable = Object.prototype.propertyIsEnumerable.call(value, symbol)
      if (isEnumerable) throw this.writer.refusal('VALUE_SYMBOL_KEY', place, 'symbol key')
    }
  }

  #array(array: readonly unknown[], place: Place, depth: number): void {
    const { writer } = this
    const { length } = array
    const keys = Object.keys(array)
    if (isIntrinsicArrayKeys(keys, length)) {
      writer.count(place, depth, 0, length)
      writer.put('[')
      for (let index = 0; index < length; index += 1) {
        const value = this.read(array, index, place)
        const text = writer.plainText(value)
        if (index > 0) writer.put(',')
        if (text === null) this.value(value, { parent: place, key: index }, depth + 1)
        else writer.put(text)
      }
      writer.put(']')
      return
    }
    // only own keys are visited, so that the cost follows what is there and not the length
    if (length > writer.limits.maxSparseLength) throw writer.beyond('maxSparseLength', length, place)
    writer.count(place, depth + (keys.length > 0 ? 2 : 1), 3, keys.length * 3)
    writer.put('{"#type":"Array","entries":[')
    const entries: Place = { parent: place, key: 'entries' }
    for (const [at, key] of keys.entries()) {
      const pair: Place = { parent: entries, key: at }
      writer.put(at === 0 ? '[' : ',[')
      if (isElement(key, length)) writer.put(key)
      else writer.string(key, { parent: pair, key: 0 }, depth + 3, true)
      writer.put(',')
      this.value(this.read(array, key, { parent: pair, key: 1 }), { parent: pair, key: 1 }, depth + 3)
      writer.put(']')
    }
    writer.put(`],"length":${length}}`)
  }

  #instance(value: object, codec: RegisteredClass, place: Place, depth: number): void {
    let data: unknown
    try {
      data = codec.encode(value)
    } catch (error) {
      throw this.writer.refusal('VALUE_CLASS_FAILED', place, codec.name, error)
    }
    this.#class(value, codec.name, codec.version, data, place, depth)
  }

  #opaque(value: OpaqueValue, place: Place, depth: number): void {
    const { name, version, data } = value
    if (!isClassName(name) || !isClassVersion(version)) {
      throw this.writer.refusal('VALUE_CLASS', place, 'OpaqueValue')
    }
    this.#class(value, name, version, data, place, depth)
  }

  #class(value: object, name: string, version: number, data: unknown, place: Place, depth: number): void {
    const { writer } = this
    writer.count(place, depth, 4, 0)
    writer.put(`{"#type":"class","name":${JSON.stringify(name)},"value":`)
    // the instance exists only when its data has been read whole
    writer.begin(value)
    this.value(data, { parent: place, key: 'value' }, depth + 1)
    writer.end(value)
    writer.put(`,"v":${version}}`)
  }
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
