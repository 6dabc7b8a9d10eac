import { checkOptions, invalidArgument, readArgument } from '../argument.ts'
import { ENCODED_UNDEFINED, type Encoded } from '../encoded.ts'
import { DefinitionError, quote, SnapshotDecodeError, SnapshotSyntaxError } from '../errors.ts'
import type { JsonValue } from '../json.ts'
import { type ClassCodec, ClassRegistry } from './class-codec.ts'
import { type DecodeRules, Decoder } from './decode.ts'
import { type EncodeRules, Encoder } from './encode.ts'
import { Encoding } from './encoding.ts'
import { resolveValueLimits, type ValueLimits } from './limits.ts'
import { isPlainNumber, isPlainText, mayHaveReference } from './plain.ts'
import { KnownShapes, NONE, Survey } from './survey.ts'
import { treeText } from './tree-text.ts'

/** How a codec differs from {@link defaultCodec}. */
export interface CodecOptions {
  /** Codecs for classes of your own; default none. */
  readonly classes?: readonly ClassCodec[]
  /** Limits that differ from the defaults. */
  readonly limits?: Partial<ValueLimits>
  /** Whether regular expressions may be saved and loaded; default `allow`. One from a stranger can take for ever when it is run. */
  readonly regexp?: 'allow' | 'refuse'
  /** What becomes of an instance no codec is registered for, on reading: an error (default) or an {@link OpaqueValue}. */
  readonly unknownClasses?: 'refuse' | 'opaque'
}

/**
 * Writes values to text and reads them back equal. The one way a user's value enters or leaves a run.
 *
 * JSON primitives and plain JSON stand as they are. Anything else is an object with the marker `#type`; a key of the user's that
 * looks like the marker gets one more `#`. An object met again is `{"#type":"ref","path":…}`, where the path is the JSON Pointer
 * (RFC 6901) of its first meeting in the encoded form of the value, so it leads through the members of tags:
 * `/entries/0/1` is the value of a Map's first entry, `/values/2` a Set's third, `/cause` an error's cause, `/a/##type` a
 * member whose escaped key is `##type`, and the empty path is the whole value. Any JSON Pointer tool finds the same place.
 *
 * Kept: what enumerable own properties and the internal slots of built-ins hold, in order, with shared and circular references.
 * Not kept: an error's stack, and its class if that is not built in or registered (the nearest built-in stands in; its name
 * and properties are kept); non-enumerable properties, accessors as such (read once), frozenness; named properties of typed
 * arrays, a view's bytes outside its window and that two views share a buffer; that a URL and its searchParams belong together.
 * A Proxy is taken for what reading it gives, each member as it is shown; one of a Map, Date or the like has no slot and is refused.
 * A value that a Proxy changes while it is written is written in one of the states it had.
 * `toJSON` is never called. Refused with the path: functions, symbols, promises, weak references, iterators, other classes.
 */
export interface ValueCodec {
  /** The limits in force. */
  readonly limits: ValueLimits
  /**
   * A value as it is kept: a JSON primitive itself, `undefined` the shared constant, anything else its compact JSON text.
   *
   * @param where - the node that made the value, for the error
   * @throws {UnserializableValueError} VALUE_FUNCTION, VALUE_SYMBOL, VALUE_SYMBOL_KEY, VALUE_PROMISE, VALUE_WEAK, VALUE_CLASS,
   *   VALUE_CLASS_FAILED, VALUE_UNSUPPORTED, VALUE_ACCESSOR; details `{ nodeId?, path, kind }`
   * @throws {SnapshotLimitError} VALUE_LIMIT; details `{ nodeId?, path, limit, max, actual }`
   */
  encode(value: unknown, where?: { readonly nodeId?: string }): Encoded
  /**
   * The value again, made anew each time. Never await the result itself: a value may have a `then` of its own.
   * Text without tags is not measured against the limits again; {@link check} does that for documents from outside.
   *
   * @throws {SnapshotDecodeError} VALUE_UNKNOWN_TAG, VALUE_BAD_TAG, VALUE_BAD_REF, VALUE_UNKNOWN_CLASS, VALUE_CLASS_FAILED
   * @throws {SnapshotLimitError} VALUE_LIMIT
   * @throws {SnapshotSyntaxError} SNAPSHOT_SYNTAX, SNAPSHOT_FORBIDDEN_KEY, SNAPSHOT_NON_FINITE
   */
  decode(encoded: Encoded): unknown
  /** The value of a parsed encoded form, sharing nothing with it; within the limits, and with the errors of {@link decode}. */
  decodeTree(tree: JsonValue): unknown
  /**
   * Whether a parsed encoded form can be decoded: throws what {@link decodeTree} would. Class codecs are not called.
   *
   * @param path - JSON Pointer of the tree in its document, put before the paths of errors
   */
  check(tree: JsonValue, path?: string): void
}

const OPTIONS: readonly string[] = ['classes', 'limits', 'regexp', 'unknownClasses']

/**
 * A codec with classes, limits and refusals of your own.
 *
 * @throws {DefinitionError} OPTION_UNKNOWN, ARGUMENT_INVALID, VALUE_CLASS_DUPLICATE
 * @example
 * class Money {
 *   readonly cents: number
 *   constructor(cents: number) { this.cents = cents }
 * }
 * const codec = createCodec({
 *   classes: [{
 *     name: 'Money',
 *     class: Money,
 *     encode: (money: Money) => money.cents,
 *     decode: (cents) => new Money(cents as number),
 *   }],
 * })
 * codec.decode(codec.encode(new Money(250))) // new Money(250)
 */
export function createCodec(options: CodecOptions = {}): ValueCodec {
  checkOptions(options, OPTIONS, 'createCodec', { error: DefinitionError })
  const regexp = oneOf('regexp', options.regexp, ['allow', 'refuse'])
  const unknownClasses = oneOf('unknownClasses', options.unknownClasses, ['refuse', 'opaque'])
  const limits = resolveValueLimits(options.limits)
  const classes = new ClassRegistry(options.classes)
  const encodeRules: EncodeRules = { classes, regexp }
  const rules: DecodeRules = { classes, limits, regexp, unknownClasses, instances: 'make' }
  const checkRules: DecodeRules = { ...rules, instances: 'check' }

  const shapes = new KnownShapes()

  function encodeText(value: unknown, nodeId: string | undefined): string {
    const tagged = typeof value === 'object' && value !== null ? Survey.of(value, limits, classes, shapes) : null
    if (tagged === NONE) {
      try {
        return treeText(value as JsonValue)
      } catch (error) {
        throw new Encoder(new Encoding(limits, nodeId), encodeRules, null).failure(error)
      }
    }
    return new Encoder(new Encoding(limits, nodeId), encodeRules, tagged).text(value)
  }

  function decodeText(json: string): unknown {
    let tree: JsonValue
    try {
      tree = JSON.parse(json) as JsonValue
    } catch (cause) {
      throw new SnapshotSyntaxError('SNAPSHOT_SYNTAX', `an encoded value is not JSON: ${quote(json)}`, {
        details: { path: '' },
        cause,
      })
    }
    if (isPlainText(json)) return tree
    return new Decoder(tree, rules, { isOwned: true, hasNoReferences: !mayHaveReference(json) }).decode()
  }

  return Object.freeze({
    limits,
    encode(value: unknown, where?: { readonly nodeId?: string }): Encoded {
      switch (typeof value) {
        case 'undefined':
          return ENCODED_UNDEFINED
        case 'boolean':
          return value
        case 'string':
          if (value.length <= limits.maxStringLength && value.isWellFormed()) return value
          break
        case 'number':
          if (isPlainNumber(value)) return value
          break
        case 'object':
          if (value === null) return null
      }
      const nodeId = where === undefined ? undefined : readArgument('where', () => where.nodeId)
      return { json: encodeText(value, nodeId) }
    },
    decode(encoded: Encoded): unknown {
      if (encoded === ENCODED_UNDEFINED) return undefined
      if (typeof encoded !== 'object' || encoded === null) {
        if (!NEVER_ENCODED.has(typeof encoded)) return encoded
        throw notEncoded(encoded)
      }
      const json = readArgument('encoded', () => encoded.json)
      if (typeof json !== 'string') {
        throw notEncoded(encoded)
      }
      return decodeText(json)
    },
    decodeTree: (tree: JsonValue): unknown => readArgument('tree', () => new Decoder(tree, rules).decode()),
    check(tree: JsonValue, path = ''): void {
      readArgument('tree', () => new Decoder(tree, checkRules, { path }).decode())
    },
  })
}

/**
 * The codec with every default: JSON, and what JavaScript has beside it.
 *
 * @example
 * const text = defaultCodec.encode(new Set([1, 2]))
 * defaultCodec.decode(text) // new Set([1, 2])
 */
export const defaultCodec: ValueCodec = createCodec()

/** What `encode` never gives, by `typeof`. */
const NEVER_ENCODED: ReadonlySet<string> = new Set(['function', 'symbol', 'bigint'])

function notEncoded(given: unknown): SnapshotDecodeError {
  return new SnapshotDecodeError('VALUE_BAD_TAG', `expected an encoded value, got ${quote(given)}`, {
    details: { path: '' },
  })
}

function oneOf<T extends string>(option: string, given: T | undefined, known: readonly [T, T]): T {
  if (given === undefined) return known[0]
  if (known.includes(given)) return given
  throw invalidArgument(option, known.join(' or '), given, { of: 'createCodec', error: DefinitionError })
}
