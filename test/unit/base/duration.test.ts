import { describe, expect, it } from 'vitest'
import { formatDuration, parseDuration } from '../../../src/base/duration.ts'
import { isWaystoneError } from '../../../src/base/errors.ts'

function isInvalid(act: () => unknown): boolean {
  try {
    act()
    return false
  } catch (error) {
    return isWaystoneError(error, 'ARGUMENT_INVALID')
  }
}

describe('parseDuration', () => {
  it.each([
    ['500ms', 500],
    ['2s', 2_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['3d', 259_200_000],
    ['1h30m', 5_400_000],
    ['1d1h1m1s1ms', 90_061_001],
    ['5m1ms', 300_001],
    ['90m', 5_400_000],
    ['0s', 0],
    [0, 0],
    [1_500, 1_500],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  ])('reads %s as %d ms', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds)
  })

  it('gives 0 and not -0', () => {
    expect(Object.is(parseDuration(-0), 0)).toBe(true)
  })

  it.each([
    [
      '',
      '5',
      's',
      '1.5s',
      '-1s',
      '+1s',
      ' 1s',
      '1s ',
      '1 s',
      '1S',
      '1h 30m',
      '30m1h',
      '1h1h',
      '01s',
      '1w',
      '1e3s',
      '1s\n',
    ],
    [-1, 1.5, Number.NaN, Infinity, 2 ** 53, `${'9'.repeat(30)}d`, '9007199254740992ms', 'toString'],
    [null, undefined, {}, ['1s'], true, 1n],
  ])('refuses what is no duration', (...given) => {
    for (const each of given) expect(isInvalid(() => parseDuration(each as string))).toBe(true)
  })
})

describe('formatDuration', () => {
  it('writes the shortest sum, which reads back the same', () => {
    for (const [milliseconds, text] of [
      [0, '0ms'],
      [999, '999ms'],
      [60_000, '1m'],
      [5_400_000, '1h30m'],
      [90_061_001, '1d1h1m1s1ms'],
    ] as const) {
      expect(formatDuration(milliseconds)).toBe(text)
      expect(parseDuration(text)).toBe(milliseconds)
    }
    expect(parseDuration(formatDuration(Number.MAX_SAFE_INTEGER))).toBe(Number.MAX_SAFE_INTEGER)
  })

  it('refuses what is no whole number of milliseconds', () => {
    for (const each of [-1, 0.5, Number.NaN, Infinity]) expect(isInvalid(() => formatDuration(each))).toBe(true)
  })
})
