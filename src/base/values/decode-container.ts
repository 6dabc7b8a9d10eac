import { quote } from '../errors.ts'
import type { JsonObject } from '../json.ts'
import { isArrayIndex } from './array-keys.ts'
import { isClassName, isClassVersion, OpaqueValue } from './class-codec.ts'
import type { Decoder } from './decode.ts'
import { badMember, decodeUtf16 } from './decode-scalar.ts'
import { define, isErrorClass, makeError } from './error-family.ts'
import { setOwn } from './set-own.ts'

export function decodeMap(decoder: Decoder, tree: JsonObject, depth: number): Map<unknown, unknown> {
  const map = decoder.found(tree, new Map<unknown, unknown>())
  eachPair(decoder, tree, depth, (key, pair) => {
    const name = decoder.child(key, 0, depth + 3)
    if (map.has(name)) throw decoder.bad('VALUE_BAD_TAG', 'a Map has the same key twice')
    map.set(name, decoder.child(pair, 1, depth + 3))
  })
  return map
}

export function decodeSet(decoder: Decoder, tree: JsonObject, depth: number): Set<unknown> {
  const set = decoder.found(tree, new Set<unknown>())
  decoder.under('values', () => {
    for (const [index, item] of decoder.elements(tree['values'], 'values', depth + 1).entries()) {
      set.add(decoder.child(item, index, depth + 2))
      if (set.size !== index + 1) throw decoder.bad('VALUE_BAD_TAG', 'a Set has the same value twice')
    }
  })
  return set
}

export function decodeError(decoder: Decoder, tree: JsonObject, depth: number): Error {
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
  const isTagged = Object.hasOwn(tree, '#type')
  if (isTagged && (tree['#type'] !== 'Object' || keys.length !== 2 || !Object.hasOwn(tree, 'entries'))) {
    throw decoder.bad('VALUE_BAD_TAG', 'props has to be an object')
  }
  if (isTagged) {
    decodeEntries(decoder, tree, error, depth)
    return
  }
  // what the language gave an error already would keep its place among the keys
  for (const key of keys) Reflect.deleteProperty(error, key)
  decoder.members(tree, keys, error, depth)
}

export function decodeArray(decoder: Decoder, tree: JsonObject, depth: number): unknown[] {
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

export function decodeObject(decoder: Decoder, tree: JsonObject, depth: number): object {
  const hasProto = Object.hasOwn(tree, 'proto')
  if (hasProto && tree['proto'] !== null) throw badMember(decoder, 'proto', 'null', tree['proto'])
  const object = decoder.found(tree, (hasProto ? Object.create(null) : {}) as object)
  decodeEntries(decoder, tree, object, depth)
  return object
}

function decodeEntries(decoder: Decoder, tree: JsonObject, into: object, depth: number): void {
  const names = new Set<string>()
  eachPair(decoder, tree, depth, (key, value) => {
    const name = entryKey(decoder, key, depth)
    if (names.has(name)) throw decoder.bad('VALUE_BAD_TAG', `an object has the key ${quote(name)} twice`)
    names.add(name)
    // as for plain props: an error has some already
    Reflect.deleteProperty(into, name)
    setOwn(into, name, decoder.child(value, 1, depth + 3))
  })
}

/** A key of an entry: a string as it is, or tagged for its surrogates. Nothing is ever turned into a string here. */
function entryKey(decoder: Decoder, key: unknown, depth: number): string {
  return decoder.under(0, () => {
    if (typeof key === 'string') return decoder.string(key, 'maxKeyLength')
    const isTag = typeof key === 'object' && key !== null && Object.hasOwn(key, '#type')
    const tree = (isTag ? key : {}) as JsonObject
    if (tree['#type'] !== 'string' || decoder.keys(tree, depth + 3).length !== 2 || !Object.hasOwn(tree, 'utf16')) {
      throw decoder.bad('VALUE_BAD_TAG', `the key of an entry has to be a string, got ${quote(key)}`)
    }
    return decodeUtf16(decoder, tree['utf16'], 'maxKeyLength')
  })
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

export function decodeClass(decoder: Decoder, tree: JsonObject, depth: number): object {
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
