import { quote, type SnapshotDecodeError } from '../errors.ts'
import type { JsonObject } from '../json.ts'
import { base64Size, fromBase64 } from './base64.ts'
import { nodeBuffer } from './brand.ts'
import type { Decoder } from './decode.ts'
import { elementSize, littleEndian, makeBinary } from './views.ts'

export function badMember(decoder: Decoder, member: string, expected: string, actual: unknown): SnapshotDecodeError {
  return decoder.bad('VALUE_BAD_TAG', `expected ${member} to be ${expected}, got ${quote(actual)}`)
}

export function decodeBigInt(decoder: Decoder, value: unknown): bigint {
  if (typeof value !== 'string') throw badMember(decoder, 'value', 'the digits of a bigint', value)
  const digits = value.startsWith('-') ? value.length - 1 : value.length
  const { maxBigIntDigits } = decoder.rules.limits
  if (digits > maxBigIntDigits) throw decoder.beyond('maxBigIntDigits', digits)
  if (!/^(?:0|-?[1-9][0-9]*)$/.test(value)) throw badMember(decoder, 'value', 'the digits of a bigint', value)
  return BigInt(value)
}

export function decodeUtf16(
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

export function decodeDate(decoder: Decoder, tree: JsonObject): Date {
  const { value } = tree
  if (value === null) return decoder.found(tree, new Date(Number.NaN))
  const date = typeof value === 'string' && value.length <= 27 ? new Date(value) : undefined
  if (date === undefined || Number.isNaN(date.getTime()) || date.toISOString() !== value) {
    throw badMember(decoder, 'value', 'an ISO 8601 time in UTC with milliseconds, or null', value)
  }
  return decoder.found(tree, date)
}

export function decodeRegExp(decoder: Decoder, tree: JsonObject, depth: number): RegExp {
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

export function decodeUrl(decoder: Decoder, tree: JsonObject, type: 'URL' | 'URLSearchParams'): object {
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

export function decodeBoxed(decoder: Decoder, tree: JsonObject, depth: number): object {
  const value = decoder.child(tree['value'], 'value', depth + 1)
  if (!['boolean', 'number', 'string', 'bigint'].includes(typeof value))
    throw badMember(decoder, 'value', 'a primitive', value)
  return decoder.found(tree, Object(value) as object)
}

export function decodeBinary(decoder: Decoder, tree: JsonObject, type: string): object {
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
