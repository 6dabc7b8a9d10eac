import { createHash } from 'node:crypto'
import * as zlib from 'node:zlib'
import { crc32 as nodeCrc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { sha256Hex } from '../../../src/base/digest.ts'
import { isWaystoneError } from '../../../src/base/errors.ts'
import { crc32, gunzip, gzip } from '../../../src/snapshot/gzip.ts'
import { digestOfText } from '../../../src/snapshot/hash.ts'
import { jsonText, mapEntries, mapText, plainJson } from '../../../src/snapshot/json-text.ts'
import { DEFAULT_SNAPSHOT_LIMITS, resolveLimits } from '../../../src/snapshot/limits.ts'
import { prettyText } from '../../../src/snapshot/pretty.ts'
import { scanDocument } from '../../../src/snapshot/scan.ts'
import { isoTime, parseTime } from '../../../src/snapshot/time.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

describe('times', () => {
  it.each([
    ['2026-01-02T03:04:05.678Z', Date.UTC(2026, 0, 2, 3, 4, 5, 678)],
    ['2026-01-02T03:04:05Z', Date.UTC(2026, 0, 2, 3, 4, 5)],
    ['2026-01-02T03:04:05.123456789Z', Date.UTC(2026, 0, 2, 3, 4, 5, 123)],
    ['2026-01-02T05:04:05.5+02:00', Date.UTC(2026, 0, 2, 3, 4, 5, 500)],
    ['2026-01-01T21:34:05-05:30', Date.UTC(2026, 0, 2, 3, 4, 5)],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
    ['0001-01-01T00:00:00Z', Date.parse('0001-01-01T00:00:00Z')],
    ['+275760-09-13T00:00:00.000Z', 8.64e15],
  ])('%s is read', (text, expected) => {
    expect(parseTime(text)).toBe(expected)
  })

  it.each([
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:00:60Z',
    '2026-01-01T00:00:00',
    '2026-01-01',
    '2026-01-01T00:00:00+24:00',
    '2026-01-01T00:00:00.1234567890Z',
    '-000000-01-01T00:00:00Z',
    '+275760-09-13T00:00:00.001Z',
    '',
  ])('%s is not', (text) => {
    expect(parseTime(text)).toBe(null)
  })

  it('are read alike in the minute of the one before and in any other', () => {
    const texts = [
      '2026-01-02T03:04:05.678Z',
      '2026-01-02T03:04:59.999Z',
      '1969-12-31T23:59:00.001Z',
      '0100-03-01T00:00:00.000Z',
    ]
    for (const before of texts) {
      for (const text of texts) {
        parseTime(before)
        expect(parseTime(text)).toBe(Date.parse(text))
      }
      const minute = before.slice(0, 17)
      for (const end of [
        '60.000Z',
        '59.99aZ',
        '5a.000Z',
        '05,000Z',
        '05.0:0Z',
        '05./00Z',
        '05.000z',
        '/5.000Z',
        '0 .000Z',
      ]) {
        parseTime(before)
        expect(parseTime(minute + end), minute + end).toBe(null)
      }
    }
  })

  it('are written as the calendar has them, whatever was written before', () => {
    const day = 86_400_000
    const instants = [
      0,
      1,
      -1,
      999,
      59_999,
      3_599_999,
      day - 1,
      day,
      -day,
      -day - 1,
      1_767_323_045_678,
      951_782_400_000,
    ]
    for (const at of [...instants, -62_198_755_200_000, 253_402_300_800_000, 8.64e15, -8.64e15, 8.64e15 - 1]) {
      expect(isoTime(at)).toBe(new Date(at).toISOString())
      // A fraction is cut; near the last date a number has none.
      if (Math.abs(at) < 1e15) expect(isoTime(at + (at < 0 ? -0.75 : 0.75))).toBe(new Date(at).toISOString())
    }
  })

  it('beyond all dates become the last date', () => {
    expect(isoTime(Number.MAX_SAFE_INTEGER)).toBe('+275760-09-13T00:00:00.000Z')
    expect(parseTime(isoTime(-1))).toBe(-1)
  })
})

describe('gzip', () => {
  const limits = resolveLimits({ maxBytes: 1_000_000 })

  it('round-trips and is opened by other tools', () => {
    for (const text of [
      '',
      'a',
      'x'.repeat(300_000),
      JSON.stringify(Array.from({ length: 20_000 }, (_, i) => i * 7919)),
    ]) {
      const packed = gzip(bytes(text))
      expect(new TextDecoder().decode(gunzip(packed, limits))).toBe(text)
      expect(zlib.gunzipSync(packed).toString()).toBe(text)
      expect(new TextDecoder().decode(gunzip(zlib.gzipSync(text, { level: 9 }), limits))).toBe(text)
    }
  })

  it('reads optional fields of the header', () => {
    const plain = zlib.gzipSync('content')
    const named = Buffer.concat([
      plain.subarray(0, 3),
      Buffer.from([8]),
      plain.subarray(4, 10),
      Buffer.from('name\0'),
      plain.subarray(10),
    ])
    expect(new TextDecoder().decode(gunzip(named, limits))).toBe('content')
  })

  it('refuses every one-byte change of the content and the trailer, and every cut', () => {
    const packed = gzip(bytes('{"some":"text, long enough to be compressed, text, text, text"}'))
    for (let at = 10; at < packed.length; at += 1) {
      for (const flip of [1, 0x80, 0xff]) {
        const changed = packed.slice()
        changed[at]! ^= flip
        let content: Uint8Array | null = null
        try {
          content = gunzip(changed, limits)
        } catch (error) {
          expect(isWaystoneError(error)).toBe(true)
        }
        // A bit that pads the last byte of the deflate stream means nothing.
        if (content !== null) expect(content).toEqual(gunzip(packed, limits))
      }
      expect(() => gunzip(packed.subarray(0, at), limits)).toThrow()
    }
  })

  it('computes the checksum of the standard', () => {
    expect(crc32(bytes('123456789'))).toBe(0xcbf43926)
    if (typeof nodeCrc32 === 'function') expect(crc32(bytes('waystone'))).toBe(nodeCrc32('waystone'))
  })
})

describe('digest of text', () => {
  it('is SHA-256 of the joined UTF-8, with and without a native one', () => {
    const parts = ['{"a":"ü', '€😀', '"}']
    const expected = createHash('sha256').update(parts.join('')).digest('hex')
    expect(digestOfText(...parts)).toBe(expected)
    expect(sha256Hex(parts.join(''))).toBe(expected)
  })

  it('is the same for long texts, wherever their characters of two halves stand', () => {
    for (const length of [65_534, 65_535, 65_536, 131_071]) {
      const text = `${'a'.repeat(length)}😀${'é😀'.repeat(70_000)}`
      expect(digestOfText(text, 'end')).toBe(createHash('sha256').update(`${text}end`).digest('hex'))
    }
  })
})

describe('plain JSON of the engine', () => {
  it.each([
    [{ a: 1 }],
    [JSON.parse('{"__proto__":{"x":[{"__proto__":null}]},"b":2}')],
    [{ '#type': 'Date', '##type': 1, '#types': 2 }],
    [{ list: [JSON.parse('{"__proto__":1,"#type":2}')], text: '__proto__ #type"' }],
  ])('%j is read back equal, and never has the key __proto__', (value) => {
    const text = jsonText(value)
    expect(text).not.toMatch(/"__proto__":/)
    expect(JSON.stringify(plainJson(JSON.parse(text), text))).toBe(JSON.stringify(value))
  })

  it('keeps every name of a map', () => {
    for (const names of [
      ['a', '#type'],
      ['__proto__', '#type', '##type'],
      ['\ud800', '__proto__', ''],
      ['10', '9', 'constructor'],
    ]) {
      const text = mapText(names.map((name) => [name, '1'] as const))
      expect(text.isWellFormed()).toBe(true)
      expect(
        mapEntries(JSON.parse(text) as object)
          .map(([name]) => name)
          .sort(),
      ).toEqual([...names].sort())
    }
  })
})

describe('pretty text', () => {
  it.each(['{}', '[]', '{"a":[],"b":{}}', '[1,"a,b:{[\\"",{"x":[[1],2]}]', '"\\\\"', '0'])(
    'indents %s like JSON.stringify',
    (text) => {
      expect(prettyText(text)).toBe(JSON.stringify(JSON.parse(text), null, 2))
    },
  )
})

describe('the first look at a text', () => {
  it('takes out white space outside strings alone', () => {
    const value = { a: [1, ' x ', { 'k\n "': null }], b: {}, c: [] }
    for (const indent of [0, 1, 2, '\t', '\r\n ' as never]) {
      const text = JSON.stringify(value, null, indent as never)
      expect(scanDocument(text, DEFAULT_SNAPSHOT_LIMITS).compact).toBe(JSON.stringify(value))
    }
  })

  it.each([
    ['maxKeysPerObject', { maxKeysPerObject: 2 }, '{"results":{"n":[{"a":1,"b":2,"c":3}]}}'],
    ['maxMembers', { maxMembers: 2 }, '{"a":{"b":{"c":3}}}'],
    ['maxMembers', { maxMembers: 2 }, '{"results":{"n":{"a":{"b":{"c":3}}}}}'],
    ['maxMembers', { maxMembers: 2 }, '{"workflow":{"a":{"b":{"c":3}}}}'],
    ['maxElements', { maxElements: 2 }, '{"run":{"input":[1,[2]]}}'],
    ['maxElements', { maxElements: 2 }, '{"a":[1,[2]]}'],
    ['maxStringLength', { maxStringLength: 2 }, '{"a":"abc"}'],
    ['maxKeyLength', { maxKeyLength: 2 }, '{"abc":1}'],
    ['maxSlots', { maxSlots: 1 }, '{"results":{"a":1,"b":2}}'],
    ['maxDepth', { maxDepth: 1 }, `{"a":${'['.repeat(17)}${']'.repeat(17)}}`],
  ])('holds %s', (limit, given, text) => {
    const look = () => scanDocument(text, resolveLimits(given))
    expect(look).toThrow(expect.objectContaining({ code: 'SNAPSHOT_LIMIT' }))
    expect(look).toThrow(expect.objectContaining({ details: expect.objectContaining({ limit }) }))
    expect(() => scanDocument(text, DEFAULT_SNAPSHOT_LIMITS)).not.toThrow()
  })

  it('counts members and elements of each value and of the workflow for themselves, and keys of values alone', () => {
    const limits = resolveLimits({ maxMembers: 8, maxElements: 2, maxKeysPerObject: 2 })
    const value = '{"a":{"b":1},"c":{"d":2,"e":[3,4]}}'
    const text = `{"workflow":{"a":${value}},"results":{"x":${value},"y":${value}},"counters":{"a":1,"b":2,"c":3}}`
    expect(scanDocument(text, limits).compact).toBe(text)
  })

  it('measures keys and strings by what they spell, and bytes and broken text by their own limits', () => {
    const limits = resolveLimits({ maxStringLength: 10, maxKeyLength: 8, maxBinaryBytes: 9 })
    for (const text of [
      '{"\\u0061\\n\\u0061aaaaa":"\\n\\u0061\\"aaaaaaa"}',
      '{"results":{"x":{"#type":"Uint8Array","base64":"AAAAAAAAAAAA"}}}',
      `{"results":{"x":{"#type":"string","utf16":"${'d800'.repeat(10)}"}}}`,
      '{"results":{"x":{"#####type":1}}}',
    ])
      expect(() => scanDocument(text, limits), text).not.toThrow()
    for (const text of [
      '{"\\u0061\\n\\u0061aaaaaa":1}',
      '{"a":"\\n\\u0061\\"bbbbbbbb"}',
      '{"results":{"x":{"#type":"Uint8Array","base64":"AAAAAAAAAAAAAAAA"}}}',
      `{"results":{"x":{"#type":"string","utf16":"${'d800'.repeat(11)}"}}}`,
      '{"results":{"x":{"######type":1}}}',
    ])
      expect(() => scanDocument(text, limits), text).toThrow(expect.objectContaining({ code: 'SNAPSHOT_LIMIT' }))
  })

  it('finds a key that stands twice in an object of many keys, and forgets those of the object before', () => {
    const scan = (text: string) => scanDocument(text, DEFAULT_SNAPSHOT_LIMITS)
    const members = (size: number) => Array.from({ length: size }, (_, index) => `"k${index}":{"k0":[{"k1":${index}}]}`)
    for (const size of [1, 31, 32, 33, 34, 100]) {
      const object = `{${members(size).join(',')}}`
      expect(scan(`{"list":[${object},${object},{},${object}],"k0":${object}}`).compact).toContain(object)
      for (const again of [0, size >> 1, size - 1]) {
        for (const key of [`"k${again}"`, `"\\u006b${again}"`]) {
          const twice = `{"list":[${object},{${members(size).join(',')},${key}:1}]}`
          expect(() => scan(twice), `${key} after ${size} keys`).toThrow(
            expect.objectContaining({ code: 'SNAPSHOT_DUPLICATE_KEY', details: { offset: twice.lastIndexOf(key) } }),
          )
        }
      }
    }
  })

  it('names the place in the text that was given, white space counted', () => {
    const offsetOf = (text: string): unknown => {
      try {
        scanDocument(text, DEFAULT_SNAPSHOT_LIMITS)
      } catch (error) {
        if (isWaystoneError(error)) return error.details['offset']
      }
      return null
    }
    for (const [good, bad] of [
      ['{\n  "a\\" b ": [\n    1,\n    ', 'x\n  ]\n}'],
      ['{ "a": 1,\t', '"a": 2 }'],
      ['{ "ü € 😀": "  \\\\  " , ', '"__proto__": 1 }'],
      ['[ 1, ', '-0 ]'],
      ['{"a":1', '} }'],
    ] as const) {
      const offset = offsetOf(good + bad)
      expect([good.length, good.length + 2], good + bad).toContain(offset)
    }
    expect(offsetOf('[ 1 2 ]')).toBe(4)
    expect(offsetOf('{ "a": 1 } true')).toBe(11)
  })

  it('does not exhaust a stack on deep text', () => {
    expect(() => scanDocument('['.repeat(1_000_000), resolveLimits({ maxDepth: 10_000_000 }))).toThrow(
      expect.objectContaining({ code: 'SNAPSHOT_SYNTAX' }),
    )
  })
})
