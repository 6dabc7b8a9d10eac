import { describe, expect, it } from 'vitest'
import { escapeSegment, pointer, pointerSegments, resolvePointer } from '../../../src/base/json-pointer.ts'

describe('pointer', () => {
  it('escapes what RFC 6901 escapes, tilde first', () => {
    expect(pointer()).toBe('')
    expect(pointer('rows', 0, 'a/b', 'm~n', '', '~1')).toBe('/rows/0/a~1b/m~0n//~01')
    expect(escapeSegment('plain')).toBe('plain')
  })

  it('is undone by its segments', () => {
    for (const segments of [[], [''], ['~1', '/', '~', '__proto__'], ['0', '-']]) {
      expect(pointerSegments(pointer(...segments))).toEqual(segments)
    }
    for (const text of ['a', '#/a', '/~', '/~2', '/a~']) expect(pointerSegments(text)).toBeNull()
  })
})

describe('resolvePointer', () => {
  const tree = JSON.parse('{"a/b":[{"":1}],"m~n":2,"":3,"__proto__":4,"s":"text"}') as unknown

  it('finds what stands there', () => {
    expect(resolvePointer(tree, '')).toBe(tree)
    expect(resolvePointer(tree, '/a~1b/0/')).toBe(1)
    expect(resolvePointer(tree, '/m~0n')).toBe(2)
    expect(resolvePointer(tree, '/')).toBe(3)
    expect(resolvePointer(tree, '/__proto__')).toBe(4)
  })

  it.each([
    '/constructor',
    '/toString',
    '/a~1b/length',
    '/a~1b/00',
    '/a~1b/-',
    '/a~1b/1',
    '/a~1b/__proto__',
    '/a~1b/constructor/prototype',
    '/s/0',
    '/s/length',
    '/m~0n/x',
    'a',
  ])('gives undefined for %s', (text) => {
    expect(resolvePointer(tree, text)).toBeUndefined()
  })
})
