import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { canonicalText } from '../../../src/base/canonical.ts'
import { sha256Hex } from '../../../src/base/digest.ts'
import { isWaystoneError } from '../../../src/base/errors.ts'
import type { JsonValue } from '../../../src/base/json.ts'

const parse = (text: string): JsonValue => JSON.parse(text) as JsonValue

describe('canonicalText', () => {
  it('is the same whatever the order of keys, at every level', () => {
    const one = parse('{"b":[{"y":1,"x":null}],"a":"é","1":true,"__proto__":{"z":2,"toJSON":3}}')
    const other = parse('{"__proto__":{"toJSON":3,"z":2},"1":true,"a":"é","b":[{"x":null,"y":1}]}')
    const text = '{"1":true,"__proto__":{"toJSON":3,"z":2},"a":"é","b":[{"x":null,"y":1}]}'
    expect([canonicalText(one), canonicalText(other)]).toEqual([text, text])
    expect(canonicalText([2, 1])).toBe('[2,1]')
    for (const primitive of ['null', 'true', '"a"', '0', '1.5e+300'])
      expect(canonicalText(parse(primitive))).toBe(primitive)
  })

  it('sorts keys by UTF-16 code units, as RFC 8785 does', () => {
    expect(canonicalText({ '\u20ac': 1, '\r': 2, '\u{1f600}': 3, '\ufb33': 4, A: 5, a: 6 })).toBe(
      '{"\\r":2,"A":5,"a":6,"\u20ac":1,"\u{1f600}":3,"\ufb33":4}',
    )
  })

  it('writes 1,000 levels and refuses 1,001 with a code', () => {
    const nested = (depth: number): JsonValue => parse('['.repeat(depth) + ']'.repeat(depth))
    expect(canonicalText(nested(1_000))).toHaveLength(2_000)
    for (const depth of [1_001, 100_000]) {
      let code = ''
      try {
        canonicalText(nested(depth))
      } catch (error) {
        code = isWaystoneError(error) ? error.code : String(error)
      }
      expect(code).toBe('VALUE_LIMIT')
    }
  })

  for (const prototype of [Object.prototype, Array.prototype, String.prototype, Number.prototype, Boolean.prototype]) {
    it(`calls no toJSON of ${prototype.constructor.name}.prototype`, () => {
      const tree = parse('{"b":[1,"s",true,null],"a":{"d":2,"c":3}}')
      const text = canonicalText(tree)
      try {
        Object.defineProperty(prototype, 'toJSON', { value: () => 'called', configurable: true })
        expect(canonicalText(tree) === text).toBe(true)
      } finally {
        Reflect.deleteProperty(prototype, 'toJSON')
      }
    })
  }
})

describe('sha256Hex', () => {
  it('is SHA-256 of the bytes, or of the UTF-8 bytes of a text', () => {
    expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    for (const text of ['', 'é😀', '\ud800', 'a'.repeat(10_000)]) {
      const expected = createHash('sha256').update(text, 'utf8').digest('hex')
      expect([sha256Hex(text), sha256Hex(new TextEncoder().encode(text))]).toEqual([expected, expected])
    }
  })
})
