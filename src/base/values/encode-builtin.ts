import { toBase64 } from './base64.ts'
import { type Brand, isNodeBuffer, regExpFlags, slots, viewName } from './brand.ts'
import type { Encoder } from './encode.ts'
import { bytesOf, littleEndian } from './views.ts'
import type { Place } from './writer.ts'

const quoted = JSON.stringify as (text: string) => string

/**
 * Writes an object of a built-in class. Its own properties would be lost, so an object with any is refused;
 * those of typed arrays, which can't be told from elements without listing all of them, are not part of the value.
 */
export function writeBuiltin(encoder: Encoder, value: object, brand: Brand, place: Place, depth: number): void {
  const { writer } = encoder
  if (brand !== 'view' && hasOwnProperties(value, brand)) {
    throw writer.refusal('VALUE_UNSUPPORTED', place, `${brand} with properties of its own`)
  }
  switch (brand) {
    case 'Map':
      writeMap(encoder, value, place, depth)
      break
    case 'Set':
      writeSet(encoder, value, place, depth)
      break
    case 'RegExp':
      writeRegExp(encoder, value as RegExp, place, depth)
      break
    case 'view':
    case 'ArrayBuffer':
    case 'DataView':
      writeView(encoder, value, place, depth)
      break
    case 'Date':
      writer.count(place, depth, 2, 0)
      writer.put(`{"#type":"Date","value":${dateText(value as Date)}}`)
      break
    case 'URL':
    case 'URLSearchParams':
      writer.count(place, depth, 2, 0)
      writer.put(`{"#type":"${brand}","value":`)
      writer.string(
        (brand === 'URL' ? slots.urlHref : slots.paramsText).call(value as URLSearchParams) as string,
        place,
        depth,
      )
      writer.put('}')
      break
    default:
      writer.count(place, depth, 2, 0)
      writer.put('{"#type":"boxed","value":')
      encoder.value(unboxed(value, brand), { parent: place, key: 'value' }, depth + 1)
      writer.put('}')
  }
}

function hasOwnProperties(value: object, brand: Brand): boolean {
  const elements = brand === 'String' ? (String.prototype.valueOf.call(value) as string).length : 0
  return Object.keys(value).length > elements
}

function dateText(date: Date): string {
  return Number.isNaN(slots.dateTime.call(date)) ? 'null' : `"${slots.dateText.call(date)}"`
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

function writeMap(encoder: Encoder, map: object, place: Place, depth: number): void {
  const { writer } = encoder
  // taken whole first: an accessor read on the way may change the map
  const pairs: [unknown, unknown][] = []
  slots.mapEach.call(map as Map<unknown, unknown>, (value, key) => pairs.push([key, value]))
  writer.count(place, depth + (pairs.length > 0 ? 2 : 1), 2, pairs.length * 3)
  writer.put('{"#type":"Map","entries":[')
  const entries: Place = { parent: place, key: 'entries' }
  for (const [index, [key, value]] of pairs.entries()) {
    const pair: Place = { parent: entries, key: index }
    writer.put(index === 0 ? '[' : ',[')
    encoder.value(key, { parent: pair, key: 0 }, depth + 3)
    writer.put(',')
    encoder.value(value, { parent: pair, key: 1 }, depth + 3)
    writer.put(']')
  }
  writer.put(']}')
}

function writeSet(encoder: Encoder, set: object, place: Place, depth: number): void {
  const { writer } = encoder
  const items: unknown[] = []
  slots.setEach.call(set as Set<unknown>, (item) => items.push(item))
  writer.count(place, depth + 1, 2, items.length)
  writer.put('{"#type":"Set","values":[')
  const values: Place = { parent: place, key: 'values' }
  for (const [index, item] of items.entries()) {
    if (index > 0) writer.put(',')
    encoder.value(item, { parent: values, key: index }, depth + 2)
  }
  writer.put(']}')
}

function writeRegExp(encoder: Encoder, regExp: RegExp, place: Place, depth: number): void {
  const { writer } = encoder
  if (encoder.rules.regexp === 'refuse') throw writer.refusal('VALUE_UNSUPPORTED', place, 'RegExp')
  const source = slots.regExpSource.call(regExp) as string
  const { maxRegExpLength } = writer.limits
  if (source.length > maxRegExpLength) throw writer.beyond('maxRegExpLength', source.length, place)
  const flags = regExpFlags.map(([flag, read]) => (read.call(regExp) === true ? flag : '')).join('')
  const lastIndex: unknown = regExp.lastIndex
  if (!Number.isSafeInteger(lastIndex) || (lastIndex as number) < 0) {
    throw writer.refusal('VALUE_UNSUPPORTED', place, 'RegExp with a lastIndex that is no index')
  }
  writer.count(place, depth, lastIndex === 0 ? 3 : 4, 0)
  writer.put(`{"#type":"RegExp","flags":"${flags}","source":`)
  writer.string(source, { parent: place, key: 'source' }, depth + 1)
  writer.put(lastIndex === 0 ? '}' : `,"lastIndex":${lastIndex as number}}`)
}

function writeView(encoder: Encoder, value: object, place: Place, depth: number): void {
  const { writer } = encoder
  const bytes = bytesOf(value)
  if (bytes === null) throw writer.refusal('VALUE_UNSUPPORTED', place, 'shared, resizable or detached buffer')
  writer.countBytes(place, bytes.length)
  const name = viewName(value)
  const tag = name ?? (ArrayBuffer.isView(value) ? 'DataView' : 'ArrayBuffer')
  const isBuffer = name !== undefined && isNodeBuffer(Object.getPrototypeOf(value) as object)
  writer.count(place, depth, 2, 0)
  writer.put(`{"#type":${quoted(isBuffer ? 'Buffer' : tag)},"base64":"`)
  writer.put(toBase64(littleEndian(bytes, tag)))
  writer.put('"}')
}
