import { quote } from '../errors.ts'
import type { JsonObject } from '../json.ts'
import type { Decoder } from './decode.ts'
import { decodeArray, decodeClass, decodeError, decodeMap, decodeObject, decodeSet } from './decode-container.ts'
import {
  badMember,
  decodeBigInt,
  decodeBinary,
  decodeBoxed,
  decodeDate,
  decodeRegExp,
  decodeUrl,
  decodeUtf16,
} from './decode-scalar.ts'
import { isBinaryName } from './views.ts'

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
      return decoder.reference(tree)
    case 'class':
      return decodeClass(decoder, tree, depth)
    default:
      return decodeBinary(decoder, tree, String(type))
  }
}
