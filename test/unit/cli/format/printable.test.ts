import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fitLine } from '../../../../src/cli/format/fit-line.ts'
import { nameText, printable, printableJson, printableLines, shorten } from '../../../../src/cli/format/printable.ts'
import { runs } from '../../../helpers/property.ts'

describe('printable', () => {
  it.each([
    ['\u001b[2J', '\\u{1b}[2J'],
    ['\u009b2J', '\\u{9b}2J'],
    ['a\nb\tc\rd', 'a\\nb\\tc\\rd'],
    ['\u0000\u0007\u007f', '\\u{0}\\u{7}\\u{7f}'],
    ['\u202etxt.exe', '\\u{202e}txt.exe'],
    ['\u2066\u2069\u061c\u200e', '\\u{2066}\\u{2069}\\u{61c}\\u{200e}'],
    ['a\u200b\u00ad\ufeffb', 'a\\u{200b}\\u{ad}\\u{feff}b'],
    ['a\u2028b', 'a\\u{2028}b'],
    ['\u{e0041}', '\\u{e0041}'],
    ['\ud800', '\\u{d800}'],
    ['日本語 é 👩‍👧', '日本語 é 👩‍👧'],
  ])('of %j is %j', (text, expected) => {
    expect(printable(text)).toBe(expected)
  })

  it('leaves no control character, whatever text it gets', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u)
        expect(printableLines(text)).not.toMatch(/(?![\n\t])\p{Cc}/u)
      }),
      runs('text for a terminal', 500),
    )
  })
})

describe('printableJson', () => {
  it('says the same without a sign that acts on a terminal', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const text = printableJson(`${JSON.stringify(value, null, 1)}\n`)
        expect(text).not.toMatch(/(?!\n)\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
      }),
      runs('text for a terminal', 500),
    )
  })

  it('writes a sign beyond the first plane as two escapes', () => {
    expect(printableJson('"\u{e0041}\u009b\u202e"')).toBe('"\\udb40\\udc41\\u009b\\u202e"')
  })
})

describe('shorten', () => {
  it('is exactly as long as allowed, and whole when it fits', () => {
    expect(shorten('abcdef', 6)).toBe('abcdef')
    expect(shorten('abcdef', 5)).toBe('abcd…')
    expect(shorten('👩👩👩', 3)).toBe('👩👩👩')
    expect(shorten('👩👩👩👩', 3)).toBe('👩👩…')
    expect(shorten('\u001b\u001b', 5)).toBe('\\u{1…')
  })

  it('is a beginning of the whole text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.integer({ min: 1, max: 30 }), (text, length) => {
        const short = shorten(text, length)
        const whole = printable(text)
        expect([...short].length).toBe(Math.min([...whole].length, length))
        expect(whole.startsWith(short.endsWith('…') && short !== whole ? short.slice(0, -1) : short)).toBe(true)
      }),
      runs('text for a terminal', 500),
    )
  })
})

describe('nameText', () => {
  it('shows an empty name', () => {
    expect(nameText('', 10)).toBe('""')
    expect(nameText('a', 10)).toBe('a')
  })
})

describe('fitLine', () => {
  it.each([
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab…'],
    ['日本語', 6, '日本語'],
    ['日本語', 5, '日本…'],
    ['日本語', 4, '日…'],
    ['e\u0301e\u0301', 2, 'e\u0301e\u0301'],
    ['😀😀', 3, '😀…'],
    ['ab', 1, '…'],
    ['', 1, ''],
  ])('of %j in %i columns is %j', (line, columns, expected) => {
    expect(fitLine(line, columns)).toBe(expected)
  })
})
