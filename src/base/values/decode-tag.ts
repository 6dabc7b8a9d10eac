import { quote } from '../errors.ts'
import type { JsonObject } from '../json.ts'
import { isArrayIndex } from './array-keys.ts'
import { base64Size, fromBase64 } from './base64.ts'
import { nodeBuffer } from './brand.ts'
import { isClassName, isClassVersion, OpaqueValue } from './class-codec.ts'
import { type Decoder, setOwn } from './decode.ts'
import { define, isErrorClass, makeError } from './error-family.ts'
import { elementSize, isBinaryName, littleEndian, makeBinary } from './views.ts'

/** What every tag's members are: needed, then allowed. Binary tags, which share one shape, are not listed. */
const MEMBERS: ReadonlyMap<string, readonly [needed: readonly string[], allowed: readonly string[]]> = new Map([
  ['undefined', [[], []]],
  ['number', [['value'], []]],
  ['bigint', [['value'], []]],
  ['string', [['utf16'], []]],
  ['Date', [['value'], []]],
  ['Map', [['entries'], []]],
  ['Set', [['values'], []]],
  ['RegExp', [['flags', 'source'], ['lastIndex']]],
  [
    'Error',
    [
      ['class', 'message'],
      ['name', 'cause', 'errors', 'props'],
    ],
  ],
  ['URL', [['value'], []]],
  ['URLSearchParams', [['value'], []]],
  ['boxed', [['value'], []]],
  ['Array', [['entries', 'length'], []]],
  ['Object', [['entries'], ['proto']]],
  ['ref', [['path'], []]],
  ['class', [['name', 'value', 'v'], []]],
])

const BINARY_MEMBERS = [['base64'], []] as const
const NUMBERS: ReadonlyMap<unknown, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['-0', -0],
])

/** Decodes an object of the tree that has the marker. The tags are this closed list; nothing is looked up by their names. */
export function decodeTag(decoder: Decoder, tree: JsonObject, keys: readonly string[], depth: number): unknown {
  const type: unknown = tree['#type']
  const shape =
    typeof type === 'string'
      ? (MEMBERS.get(type) ?? (isBinaryName(type) || type === 'Buffer' ? BINARY_MEMBERS : undefined))
      : undefined
  if (shape === undefined) throw decoder.bad('VALUE_UNKNOWN_TAG', `no tag ${quote(type)} is known`)
  const [needed, allowed] = shape
  const extra = keys.find((key) => key !== '#type' && !needed.includes(key) && !allowed.includes(key))
  const missing = needed.find((key) => !Object.hasOwn(tree, key))
  if (extra !== undefined) throw decoder.bad('VALUE_BAD_TAG', `a ${quote(type)} tag has no member ${quote(extra)}`)
  if (missing !== undefined)
    throw decoder.bad('VALUE_BAD_TAG', `a ${quote(type)} tag needs the member ${quote(missing)}`)
  switch (type) {
    case 'undefined':
      return undefined
    case 'number':
      if (!NUMBERS.has(tree['value']))
        throw badMember(decoder, 'value', 'NaN, Infinity, -Infinity or -0', tree['value'])
      return NUMBERS.get(tree['value'])
    case 'bigint':
      return decodeBigInt(decoder, tree['value'])
    case 'string':
      return decodeUtf16(decoder, tree['utf16'])
    case 'Date':
      return decodeDate(decoder, tree)
    case 'Map':
      return decodeMap(decoder, tree, depth)
    case 'Set':
      return decodeSet(decoder, tree, depth)
    case 'RegExp':
      return decodeRegExp(decoder, tree, depth)
    case 'Error':
      return decodeError(decoder, tree, depth)
    case 'URL':
    case 'URLSearchParams':
      return decodeUrl(decoder, tree, type)
    case 'boxed':
      return decodeBoxed(decoder, tree, depth)
    case 'Array':
      return decodeArray(decoder, tree, depth)
    case 'Object':
      return decodeObject(decoder, tree, depth)
    case 'ref':
      return decoder.reference(tree['path'])
    case 'class':
      return decodeClass(decoder, tree, depth)
    default:
      return decodeBinary(decoder, tree, String(type))
  }
}

function badMember(decoder: Decoder, member: string, expected: string, actual: unknown) {
  return decoder.bad('VALUE_BAD_TAG', `expected ${member} to be ${expected}, got ${quote(actual)}`)
}

function decodeBigInt(decoder: Decoder, value: unknown): bigint {
  if (typeof value !== 'string') throw badMember(decoder, 'value', 'the digits of a bigint', value)
  const digits = value.startsWith('-') ? value.length - 1 : value.length
  const { maxBigIntDigits } = decoder.rules.limits
  if (digits > maxBigIntDigits) throw decoder.beyond('maxBigIntDigits', digits)
  if (!/^(?:0|-?[1-9][0-9]*)$/.test(value)) throw badMember(decoder, 'value', 'the digits of a bigint', value)
  return BigInt(value)
}

function decodeUtf16(
  decoder: Decoder,
  hex: unknown,
  limit: 'maxStringLength' | 'maxKeyLength' = 'maxStringLength',
): string {
  if (typeof hex !== 'string' || hex.length % 4 !== 0)
    throw badMember(decoder, 'utf16', 'code units of four digits', hex)
  if (hex.length / 4 > decoder.rules.limits[limit]) throw decoder.beyond(limit, hex.length / 4)
  if (/[^0-9a-f]/.test(hex)) throw badMember(decoder, 'utf16', 'lower-case hexadecimal digits', hex)
  const units: string[] = []
  for (let at = 0; at < hex.length; at += 4) units.push(String.fromCharCode(Number.parseInt(hex.slice(at, at + 4), 16)))
  const text = units.join('')
  // a well-formed string stands as itself, so that a value has one spelling
  if (text.isWellFormed()) throw badMember(decoder, 'utf16', 'a string with a lone surrogate', hex)
  return text
}

function decodeDate(decoder: Decoder, tree: JsonObject): Date {
  const { value } = tree
  if (value === null) return decoder.found(tree, new Date(Number.NaN))
  const date = typeof value === 'string' && value.length <= 27 ? new Date(value) : undefined
  if (date === undefined || Number.isNaN(date.getTime()) || date.toISOString() !== value) {
    throw badMember(decoder, 'value', 'an ISO 8601 time in UTC with milliseconds, or null', value)
  }
  return decoder.found(tree, date)
}

function decodeMap(decoder: Decoder, tree: JsonObject, depth: number): Map<unknown, unknown> {
  const map = decoder.found(tree, new Map<unknown, unknown>())
  eachPair(decoder, tree, depth, (key, pair) => {
    const name = decoder.child(key, 0, depth + 3)
    if (map.has(name)) throw decoder.bad('VALUE_BAD_TAG', 'a Map has the same key twice')
    // the key has its place before its value is read, as when it was written
    map.set(name, decoder.child(pair, 1, depth + 3))
  })
  return map
}

function decodeSet(decoder: Decoder, tree: JsonObject, depth: number): Set<unknown> {
  const set = decoder.found(tree, new Set<unknown>())
  decoder.under('values', () => {
    for (const [index, item] of decoder.elements(tree['values'], 'values', depth + 1).entries()) {
      set.add(decoder.child(item, index, depth + 2))
      if (set.size !== index + 1) throw decoder.bad('VALUE_BAD_TAG', 'a Set has the same value twice')
    }
  })
  return set
}

function decodeRegExp(decoder: Decoder, tree: JsonObject, depth: number): RegExp {
  const { flags, lastIndex = 0 } = tree
  if (decoder.rules.regexp === 'refuse') throw decoder.bad('VALUE_BAD_TAG', 'this codec refuses regular expressions')
  const source = decoder.child(tree['source'], 'source', depth + 1)
  if (typeof source !== 'string') throw badMember(decoder, 'source', 'a string', source)
  const { maxRegExpLength } = decoder.rules.limits
  if (source.length > maxRegExpLength) throw decoder.beyond('maxRegExpLength', source.length)
  if (typeof flags !== 'string' || !/^d?g?i?m?s?u?v?y?$/.test(flags))
    throw badMember(decoder, 'flags', 'some of dgimsuvy', flags)
  const isIndex = Number.isSafeInteger(lastIndex) && (lastIndex as number) >= 0
  if (!isIndex || (lastIndex === 0 && Object.hasOwn(tree, 'lastIndex')))
    throw badMember(decoder, 'lastIndex', '1 or more', lastIndex)
  let regExp: RegExp
  try {
    // compiled, never run
    regExp = new RegExp(source, flags)
  } catch (error) {
    throw decoder.bad('VALUE_BAD_TAG', `the regular expression ${quote(source)} can't be compiled here`, error)
  }
  if (regExp.source !== source) throw badMember(decoder, 'source', 'the source of a regular expression', source)
  regExp.lastIndex = lastIndex as number
  return decoder.found(tree, regExp)
}

function decodeError(decoder: Decoder, tree: JsonObject, depth: number): Error {
  const className = tree['class']
  if (typeof className !== 'string' || !isErrorClass(className))
    throw badMember(decoder, 'class', 'a built-in class of errors', className)
  const message = decoder.child(tree['message'], 'message', depth + 1)
  if (typeof message !== 'string') throw badMember(decoder, 'message', 'a string', message)
  const name = Object.hasOwn(tree, 'name') ? decoder.child(tree['name'], 'name', depth + 1) : undefined
  if (name !== undefined && typeof name !== 'string') throw badMember(decoder, 'name', 'a string', name)
  if (Object.hasOwn(tree, 'name') && name === undefined) throw badMember(decoder, 'name', 'a string', name)
  const error = decoder.found(tree, makeError(className, message, name))
  for (const key of ['cause', 'errors']) {
    if (Object.hasOwn(tree, key)) define(error, key, decoder.child(tree[key], key, depth + 1))
  }
  if (Object.hasOwn(tree, 'props')) decoder.under('props', () => decodeProps(decoder, tree['props'], error, depth + 1))
  return error
}

/** The own properties of an error: an object that is written like any other but is no value by itself. */
function decodeProps(decoder: Decoder, props: unknown, error: Error, depth: number): void {
  if (typeof props !== 'object' || props === null || Array.isArray(props))
    throw decoder.bad('VALUE_BAD_TAG', 'props has to be an object')
  const keys = decoder.keys(props, depth)
  const tree = props as JsonObject
  if (!Object.hasOwn(tree, '#type')) return decoder.members(tree, keys, error, depth)
  if (tree['#type'] !== 'Object' || keys.length !== 2 || !Object.hasOwn(tree, 'entries')) {
    throw decoder.bad('VALUE_BAD_TAG', 'props has to be an object')
  }
  decodeEntries(decoder, tree, error, depth, new Set())
}

function decodeUrl(decoder: Decoder, tree: JsonObject, type: 'URL' | 'URLSearchParams'): object {
  const { value } = tree
  if (typeof value !== 'string') throw badMember(decoder, 'value', 'a string', value)
  decoder.string(value, 'maxStringLength')
  try {
    const url = type === 'URL' ? new URL(value) : new URLSearchParams(value)
    if (url.toString() === value) return decoder.found(tree, url)
  } catch (error) {
    throw decoder.bad('VALUE_BAD_TAG', `expected value to be a ${type}, got ${quote(value)}`, error)
  }
  throw badMember(decoder, 'value', `a ${type} as it prints itself`, value)
}

function decodeBoxed(decoder: Decoder, tree: JsonObject, depth: number): object {
  const value = decoder.child(tree['value'], 'value', depth + 1)
  if (!['boolean', 'number', 'string', 'bigint'].includes(typeof value))
    throw badMember(decoder, 'value', 'a primitive', value)
  return decoder.found(tree, Object(value) as object)
}

function decodeArray(decoder: Decoder, tree: JsonObject, depth: number): unknown[] {
  const { length } = tree
  const { maxSparseLength } = decoder.rules.limits
  if (typeof length !== 'number' || !Number.isSafeInteger(length) || length < 0 || length >= 2 ** 32) {
    throw badMember(decoder, 'length', 'the length of an array', length)
  }
  if (length > maxSparseLength) throw decoder.beyond('maxSparseLength', length)
  const array = decoder.found(tree, [] as unknown[])
  array.length = length
  const named = new Set<string>()
  let last = -1
  eachPair(decoder, tree, depth, (key, value) => {
    if (typeof key === 'number') {
      if (!Number.isSafeInteger(key) || key <= last || key >= length || named.size > 0) {
        throw decoder.bad('VALUE_BAD_TAG', `element ${key} is out of range or out of order`)
      }
      last = key
      setOwn(array, String(key), decoder.child(value, 1, depth + 3))
      return
    }
    const name = entryKey(decoder, key, depth)
    if (name === 'length' || isArrayIndex(name) || named.has(name))
      throw decoder.bad('VALUE_BAD_TAG', `an array can't have the property ${quote(name)} beside its elements`)
    named.add(name)
    setOwn(array, name, decoder.child(value, 1, depth + 3))
  })
  return array
}

function decodeObject(decoder: Decoder, tree: JsonObject, depth: number): object {
  const hasProto = Object.hasOwn(tree, 'proto')
  if (hasProto && tree['proto'] !== null) throw badMember(decoder, 'proto', 'null', tree['proto'])
  const object = decoder.found(tree, (hasProto ? Object.create(null) : {}) as object)
  decodeEntries(decoder, tree, object, depth, new Set())
  return object
}

function decodeEntries(decoder: Decoder, tree: JsonObject, into: object, depth: number, names: Set<string>): void {
  eachPair(decoder, tree, depth, (key, value) => {
    const name = entryKey(decoder, key, depth)
    if (names.has(name)) throw decoder.bad('VALUE_BAD_TAG', `an object has the key ${quote(name)} twice`)
    names.add(name)
    setOwn(into, name, decoder.child(value, 1, depth + 3))
  })
}

/** A key of an entry: a string as it is, or tagged for its surrogates. Nothing is ever turned into a string here. */
function entryKey(decoder: Decoder, key: unknown, depth: number): string {
  const name = decoder.child(key, 0, depth + 3)
  if (typeof name !== 'string')
    throw decoder.bad('VALUE_BAD_TAG', `the key of an entry has to be a string, got ${quote(name)}`)
  return decoder.string(name, 'maxKeyLength')
}

function eachPair(
  decoder: Decoder,
  tree: JsonObject,
  depth: number,
  visit: (key: unknown, value: unknown) => void,
): void {
  decoder.under('entries', () => {
    for (const [index, pair] of decoder.elements(tree['entries'], 'entries', depth + 1).entries()) {
      decoder.under(index, () => {
        const parts = decoder.elements(pair, 'an entry', depth + 2)
        if (parts.length !== 2) throw decoder.bad('VALUE_BAD_TAG', `an entry is a pair, got ${parts.length} elements`)
        visit(parts[0], parts[1])
      })
    }
  })
}

function decodeClass(decoder: Decoder, tree: JsonObject, depth: number): object {
  const { name, v } = tree
  const { classes, unknownClasses, instances } = decoder.rules
  if (!isClassName(name)) throw badMember(decoder, 'name', 'the name of a class', name)
  if (!isClassVersion(v)) throw badMember(decoder, 'v', 'a version of 1 or more', v)
  const codec = classes.forData(name, v)
  if (codec === undefined && unknownClasses === 'refuse') {
    throw decoder.bad('VALUE_UNKNOWN_CLASS', `no class codec ${quote(name)} reads version ${v}; register one`)
  }
  const data = decoder.child(tree['value'], 'value', depth + 1)
  if (codec === undefined || instances === 'check') return decoder.found(tree, new OpaqueValue(name, v, data))
  let instance: unknown
  try {
    instance = codec.decode(data, v)
  } catch (error) {
    throw decoder.bad('VALUE_CLASS_FAILED', `the class codec ${quote(name)} threw`, error)
  }
  if (typeof instance !== 'object' || instance === null || instance instanceof Promise) {
    throw decoder.bad('VALUE_CLASS_FAILED', `the class codec ${quote(name)} gave no instance but ${quote(instance)}`)
  }
  return decoder.found(tree, instance)
}

function decodeBinary(decoder: Decoder, tree: JsonObject, type: string): object {
  const { base64 } = tree
  const size = elementSize(type)
  if (size === null) throw decoder.bad('VALUE_BAD_TAG', `this platform has no ${type}`)
  const length = typeof base64 === 'string' ? base64Size(base64) : null
  if (typeof base64 !== 'string' || length === null) throw badMember(decoder, 'base64', 'canonical base64', base64)
  // counted before anything is allocated
  decoder.countBytes(length)
  const bytes = length % size === 0 ? fromBase64(base64) : null
  if (bytes === null) throw badMember(decoder, 'base64', `canonical base64 of a multiple of ${size} bytes`, base64)
  const buffer = type === 'Buffer' ? nodeBuffer() : undefined
  return decoder.found(
    tree,
    buffer === undefined ? makeBinary(type, littleEndian(bytes, type) as typeof bytes) : buffer.from(bytes.buffer),
  )
}
