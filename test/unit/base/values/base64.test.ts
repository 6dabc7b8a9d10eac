import { describe, expect, it } from 'vitest'
import { base64Size, fromBase64, toBase64 } from '../../../../src/base/values/base64.ts'
import { swapped } from '../../../../src/base/values/views.ts'

describe('base64', () => {
  it('of many bytes has one spelling too', () => {
    const bytes = Uint8Array.from({ length: 4_000 }, (_, index) => index)
    const text = toBase64(bytes)
    const copy = fromBase64(text)
    expect([copy?.length, copy?.buffer.byteLength, copy?.at(-1)]).toEqual([4_000, 4_000, bytes.at(-1)])
    for (const odd of [
      text.replace('A', ' '),
      text.replaceAll('/', '_'),
      `${text.slice(0, -4)}AB==`,
      text.slice(0, -1),
    ]) {
      expect(fromBase64(odd)).toBeNull()
    }
  })

  it.each([1_000, 1_024, 3_000, 4_095, 4_096, 8_192, 100_000])('gives %i bytes a buffer nobody else has', (length) => {
    const text = toBase64(new Uint8Array(length).fill(7))
    const one = fromBase64(text)
    const other = fromBase64(text)
    expect([one?.byteOffset, one?.buffer.byteLength]).toEqual([0, length])
    one?.fill(1)
    expect(other?.every((byte) => byte === 7)).toBe(true)
  })

  it('agrees with the platform for every length and every byte', () => {
    for (let length = 0; length < 300; length += 1) {
      const bytes = Uint8Array.from({ length }, (_, index) => (index * 37 + length) & 255)
      const text = toBase64(bytes)
      expect(text).toBe(Buffer.from(bytes).toString('base64'))
      expect(base64Size(text)).toBe(length)
      expect([...(fromBase64(text) ?? [])]).toEqual([...bytes])
    }
    const large = new Uint8Array(100_000).fill(0xfb)
    expect(toBase64(large)).toBe(Buffer.from(large).toString('base64'))
  })

  it.each([
    'A',
    'AA',
    'AAA',
    'AAAAA',
    'AA=A',
    '=AAA',
    'A===',
    '====',
    'AB==',
    'AAB=',
    'AA==AA==',
    'AA A',
    'AA\n=',
    'AA-_',
    'éAAA',
    'AAĀA',
  ])('has no bytes for %j', (text) => {
    expect(fromBase64(text)).toBeNull()
  })
})

it('swapped turns the bytes of each element round and leaves the original alone', () => {
  const bytes = Uint8Array.of(1, 2, 3, 4)
  expect([...swapped(bytes, 2), ...swapped(bytes, 4), ...bytes]).toEqual([2, 1, 4, 3, 4, 3, 2, 1, 1, 2, 3, 4])
})
