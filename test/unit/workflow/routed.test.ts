import { describe, expect, it } from 'vitest'
import { isWaystoneError } from '../../../src/base/errors.ts'
import { handleTaken, isRouted, Routed, route } from '../../../src/workflow/routed.ts'

describe('route', () => {
  it('gives the handles and the output, frozen', () => {
    const handles = ['a', 'b']
    const routed = route(handles, { rows: 1 })
    handles.push('c')
    expect(routed).toBeInstanceOf(Routed)
    expect(routed.handles).toEqual(['a', 'b'])
    expect(routed.output).toEqual({ rows: 1 })
    expect(Object.isFrozen(routed)).toBe(true)
    expect(route('x').handles).toEqual(['x'])
    expect(route([]).output).toBeUndefined()
  })

  it('refuses handles that are no names', () => {
    for (const handles of [1, null, ['a', 2]]) {
      expect(() => route(handles as unknown as string)).toThrow(
        expect.toSatisfy((error) => isWaystoneError(error, 'ARGUMENT_INVALID')),
      )
    }
  })

  it('is recognised, and nothing else is', () => {
    expect(isRouted(route('a'))).toBe(true)
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    for (const other of [null, undefined, 'a', {}, { handles: ['a'], output: 1 }, proxy])
      expect(isRouted(other)).toBe(false)
  })
})

describe('handleTaken', () => {
  it('follows the chosen handles when there are any, and then nothing else', () => {
    expect(handleTaken('a', ['b', 'a'], 'x')).toBe(true)
    expect(handleTaken('a', ['b'], 'a')).toBe(false)
    expect(handleTaken('a', [], 'a')).toBe(false)
  })

  it('else follows an output that is the handle’s text, or a boolean of that text', () => {
    expect(handleTaken('a', null, 'a')).toBe(true)
    expect(handleTaken('true', null, true)).toBe(true)
    expect(handleTaken('false', null, false)).toBe(true)
    expect(handleTaken('true', null, false)).toBe(false)
    for (const output of [1, null, undefined, ['1'], { toString: () => '1' }])
      expect(handleTaken('1', null, output)).toBe(false)
    expect(handleTaken('null', null, null)).toBe(false)
  })
})
