import { invalidArgument, readArgument } from '../argument.ts'
import { DefinitionError, quote, type WaystoneError } from '../errors.ts'

/**
 * How instances of one class are written and read.
 *
 * @example
 * class Money {
 *   readonly cents: number
 *   constructor(cents: number) {
 *     this.cents = cents
 *   }
 * }
 * const money: ClassCodec<Money> = {
 *   name: 'Money',
 *   class: Money,
 *   encode: (value) => ({ cents: value.cents }),
 *   decode: (data) => new Money((data as { cents: number }).cents),
 * }
 */
export interface ClassCodec<T extends object = object> {
  /** What stands in the document; stable for ever, 1 to 200 characters. */
  readonly name: string
  /** Version of the data, a whole number of 1 or more; default 1. The highest version of a class writes it. */
  readonly version?: number
  /** The class itself. Instances of its subclasses are not taken for instances of it. */
  readonly class: abstract new (
    ...args: never[]
  ) => T
  /** The instance as any value the codec can write; it must not lead back to the instance. */
  encode(instance: T): unknown
  /** The instance again. `version` is the one that wrote the data: this one, or an older one without a codec of its own. */
  decode(data: unknown, version: number): T
}

/** An instance of a class without a codec, kept as its data so that it is written again unchanged. */
export class OpaqueValue {
  readonly name: string
  readonly version: number
  readonly data: unknown

  constructor(name: string, version: number, data: unknown) {
    this.name = name
    this.version = version
    this.data = data
    Object.freeze(this)
  }
}

/** A class codec with its version filled in. */
export type RegisteredClass = Required<Pick<ClassCodec, 'name' | 'version' | 'class'>> &
  Pick<ClassCodec, 'encode' | 'decode'>

/** The class codecs of one codec, found by prototype when writing and by name and version when reading. */
export class ClassRegistry {
  readonly #byPrototype = new Map<object, RegisteredClass>()
  /** Versions of each name, in rising order. */
  readonly #byName = new Map<string, RegisteredClass[]>()

  /** @throws {DefinitionError} ARGUMENT_INVALID, VALUE_CLASS_DUPLICATE */
  constructor(codecs: readonly ClassCodec[] = []) {
    const list: unknown = codecs
    const read = () => {
      if (Array.isArray(list)) return list.map(checked)
      throw invalid('a list of class codecs', list)
    }
    for (const codec of readArgument('classes', read, { error: DefinitionError })) this.#add(codec)
  }

  get isEmpty(): boolean {
    return this.#byPrototype.size === 0
  }

  /** The codec that writes instances with this prototype. */
  forPrototype(prototype: object): RegisteredClass | undefined {
    return this.#byPrototype.get(prototype)
  }

  /** The codec that reads data of this name and version: that version's, else the next newer one's. */
  forData(name: string, version: number): RegisteredClass | undefined {
    return this.#byName.get(name)?.find((codec) => codec.version >= version)
  }

  #add(codec: RegisteredClass): void {
    const versions = this.#byName.get(codec.name) ?? []
    const prototype = codec.class.prototype as object
    const writer = this.#byPrototype.get(prototype)
    if (versions.some((other) => other.version === codec.version)) {
      throw duplicate(codec, `a class codec ${quote(codec.name)} of version ${codec.version} is registered already`)
    }
    if (writer !== undefined && writer.name !== codec.name) {
      throw duplicate(codec, `the class of codec ${quote(codec.name)} is registered already, as ${quote(writer.name)}`)
    }
    this.#byName.set(
      codec.name,
      [...versions, codec].sort((a, b) => a.version - b.version),
    )
    if (writer === undefined || writer.version < codec.version) this.#byPrototype.set(prototype, codec)
  }
}

/** Whether a number is a version of class data. */
export function isClassVersion(version: unknown): version is number {
  return typeof version === 'number' && Number.isSafeInteger(version) && version >= 1
}

/** Whether a text is a name of class data. */
export function isClassName(name: unknown): name is string {
  return typeof name === 'string' && name.length >= 1 && name.length <= 200 && name.isWellFormed()
}

function checked(given: unknown): RegisteredClass {
  if (typeof given !== 'object' || given === null) throw invalid('objects with name, class, encode and decode', given)
  const { name, version = 1, class: constructor, encode, decode } = given as ClassCodec
  if (!isClassName(name)) throw invalid('a name of 1 to 200 well-formed characters', name)
  if (!isClassVersion(version)) throw invalid(`a version of 1 or more for ${quote(name)}`, version)
  if (
    typeof constructor !== 'function' ||
    typeof constructor.prototype !== 'object' ||
    constructor.prototype === null
  ) {
    throw invalid(`a class for ${quote(name)}`, constructor)
  }
  if (constructor.prototype === Object.prototype || constructor.prototype === OpaqueValue.prototype) {
    throw invalid(`a class of its own for ${quote(name)}`, constructor.name)
  }
  if (typeof encode !== 'function') throw invalid(`a function encode for ${quote(name)}`, encode)
  if (typeof decode !== 'function') throw invalid(`a function decode for ${quote(name)}`, decode)
  // called with the codec as `this`, as it was given
  return { name, version, class: constructor, encode: encode.bind(given), decode: decode.bind(given) }
}

function invalid(expected: string, got: unknown): WaystoneError {
  return invalidArgument('classes', expected, got, { error: DefinitionError })
}

function duplicate(codec: RegisteredClass, message: string): DefinitionError {
  return new DefinitionError('VALUE_CLASS_DUPLICATE', message, {
    details: { name: codec.name, version: codec.version },
  })
}
