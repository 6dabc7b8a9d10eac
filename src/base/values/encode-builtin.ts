import type { JsonValue } from '../json.ts'
import { toBase64 } from './base64.ts'
import { type Brand, isNodeBuffer, regExpFlags, slots, viewName } from './brand.ts'
import type { Encoder } from './encode.ts'
import type { Place } from './encoding.ts'
import { bytesOf, littleEndian } from './views.ts'

/**
 * Encodes an object of a built-in class. Its own properties would be lost, so an object with any is refused;
 * those of typed arrays, which can't be told from elements without listing all of them, are not part of the value.
 */
export function encodeBuiltin(encoder: Encoder, value: object, brand: Brand, place: Place, depth: number): JsonValue {
  const { encoding } = encoder
  if (brand !== 'view' && hasOwnProperties(value, brand)) {
    throw encoding.refusal('VALUE_UNSUPPORTED', place, `${brand} with properties of its own`)
  }
  switch (brand) {
    case 'Map':
      return encodeMap(encoder, value, place, depth)
    case 'Set':
      return encodeSet(encoder, value, place, depth)
    case 'RegExp':
      return encodeRegExp(encoder, value as RegExp, place, depth)
    case 'view':
    case 'ArrayBuffer':
    case 'DataView':
      return encodeBinary(encoder, value, place, depth)
    case 'Date':
      encoding.count(place, depth, 2, 0)
      return { '#type': 'Date', value: dateText(value as Date) }
    case 'URL':
    case 'URLSearchParams': {
      encoding.count(place, depth, 2, 0)
      const text = (brand === 'URL' ? slots.urlHref : slots.paramsText).call(value as URLSearchParams) as string
      return { '#type': brand, value: encoding.string(text, place, depth) }
    }
    default:
      encoding.count(place, depth, 2, 0)
      return {
        '#type': 'boxed',
        value: encoder.value(unboxed(value, brand), { parent: place, key: 'value' }, depth + 1),
      }
  }
}

function hasOwnProperties(value: object, brand: Brand): boolean {
  const elements = brand === 'String' ? (String.prototype.valueOf.call(value) as string).length : 0
  return Object.keys(value).length > elements
}

function dateText(date: Date): string | null {
  return Number.isNaN(slots.dateTime.call(date)) ? null : slots.dateText.call(date)
}

function unboxed(value: object, brand: 'Boolean' | 'Number' | 'String' | 'BigInt' | 'Symbol'): unknown {
  switch (brand) {
    case 'Boolean':
      return Boolean.prototype.valueOf.call(value)
    case 'Number':
      return Number.prototype.valueOf.call(value)
    case 'String':
      return String.prototype.valueOf.call(value)
    case 'BigInt':
      return BigInt.prototype.valueOf.call(value)
    case 'Symbol':
      return Symbol.prototype.valueOf.call(value)
  }
}

function encodeMap(encoder: Encoder, map: object, place: Place, depth: number): JsonValue {
  // taken whole first: an accessor read on the way may change the map
  const pairs: [unknown, unknown][] = []
  slots.mapEach.call(map as Map<unknown, unknown>, (value, key) => pairs.push([key, value]))
  encoder.encoding.count(place, depth + (pairs.length > 0 ? 2 : 1), 2, pairs.length * 3)
  const at: Place = { parent: place, key: 'entries' }
  const entries = pairs.map(([key, value], index): JsonValue => {
    const pair: Place = { parent: at, key: index }
    const name = encoder.value(key, { parent: pair, key: 0 }, depth + 3)
    return [name, encoder.value(value, { parent: pair, key: 1 }, depth + 3)]
  })
  return { '#type': 'Map', entries }
}

function encodeSet(encoder: Encoder, set: object, place: Place, depth: number): JsonValue {
  const items: unknown[] = []
  slots.setEach.call(set as Set<unknown>, (item) => items.push(item))
  encoder.encoding.count(place, depth + 1, 2, items.length)
  const at: Place = { parent: place, key: 'values' }
  const values = items.map((item, index) => encoder.value(item, { parent: at, key: index }, depth + 2))
  return { '#type': 'Set', values }
}

function encodeRegExp(encoder: Encoder, regExp: RegExp, place: Place, depth: number): JsonValue {
  const { encoding } = encoder
  if (encoder.rules.regexp === 'refuse') throw encoding.refusal('VALUE_UNSUPPORTED', place, 'RegExp')
  const text = slots.regExpSource.call(regExp) as string
  const { maxRegExpLength } = encoding.limits
  if (text.length > maxRegExpLength) throw encoding.beyond('maxRegExpLength', text.length, place)
  const flags = regExpFlags.map(([flag, read]) => (read.call(regExp) === true ? flag : '')).join('')
  const { lastIndex } = regExp
  if (!Number.isSafeInteger(lastIndex) || lastIndex < 0) {
    throw encoding.refusal('VALUE_UNSUPPORTED', place, 'RegExp with a lastIndex that is no index')
  }
  encoding.count(place, depth, lastIndex === 0 ? 3 : 4, 0)
  const source = encoding.string(text, { parent: place, key: 'source' }, depth + 1)
  return lastIndex === 0 ? { '#type': 'RegExp', flags, source } : { '#type': 'RegExp', flags, source, lastIndex }
}

function encodeBinary(encoder: Encoder, value: object, place: Place, depth: number): JsonValue {
  const { encoding } = encoder
  const bytes = bytesOf(value)
  if (bytes === null) throw encoding.refusal('VALUE_UNSUPPORTED', place, 'shared, resizable or detached buffer')
  encoding.countBytes(place, bytes.length)
  const name = viewName(value)
  const tag = name ?? (ArrayBuffer.isView(value) ? 'DataView' : 'ArrayBuffer')
  const isBuffer = name !== undefined && isNodeBuffer(Object.getPrototypeOf(value) as object)
  encoding.count(place, depth, 2, 0)
  return { '#type': isBuffer ? 'Buffer' : tag, base64: toBase64(littleEndian(bytes, tag)) }
}
