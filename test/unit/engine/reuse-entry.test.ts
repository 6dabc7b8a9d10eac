import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defaultCodec } from '../../../src/base/values/codec.ts'
import { entryText, type ReuseEntry, readEntry } from '../../../src/engine/reuse-entry.ts'
import type { StateWrite } from '../../../src/run/state-write.ts'

const read = (text: string) => readEntry(text, defaultCodec.check)
const value = defaultCodec.encode(new Map([['k', 1n]]))
const writes: readonly StateWrite[] = [
  { area: 'variable', op: 'set', key: '__proto__', value },
  { area: 'contextVariable', op: 'delete', key: 'constructor' },
  { area: 'contextConstant', op: 'set', key: '', value: null },
  { area: 'counter', op: 'add', key: 'n', value: -0.5 },
  { area: 'accumulator', op: 'max', key: 'm', value: 3 },
  { area: 'accumulator', op: 'concat', key: 'c', value: 'é' },
  { area: 'accumulator', op: 'append', key: 'a', value },
  { area: 'cache', op: 'set', key: 'x', value: 'v', expiresAt: 5 },
  { area: 'cache', op: 'set', key: 'y', value: 'v', expiresAt: null },
  { area: 'cache', op: 'delete', key: 'z' },
]
const whole: ReuseEntry = { at: 1_700_000_000_000, handles: ['large'], output: value, writes }

describe('an entry of the cache of results', () => {
  it('comes back equal, writes and handles included', () => {
    expect(read(entryText(whole))).toEqual(whole)
    const bare: ReuseEntry = { at: 0, handles: null, output: defaultCodec.encode(undefined), writes: null }
    expect(read(entryText(bare))).toEqual(bare)
  })

  it.each([
    '',
    'null',
    '[]',
    '{}',
    '{"form":1,"at":1,"handles":null}',
    '{"form":2,"at":1,"handles":null,"output":1}',
    '{"form":1,"at":"1","handles":null,"output":1}',
    '{"form":1,"at":1,"handles":[1],"output":1}',
    '{"form":1,"at":1,"handles":null,"output":1,"output":2}',
    '{"form":1,"at":1,"handles":null,"output":1e999}',
    '{"form":1,"at":1,"handles":null,"output":1} ',
    '{"form":1,"at":1,"handles":null,"output":1,"more":1}',
    '{"form":1,"at":1,"handles":null,"output":{"#type":"Nobody"}}',
    '{"form":1,"at":1,"handles":null,"output":{"#type":"truncated","sizeBytes":9,"maxBytes":1}}',
    `{"form":1,"at":1,"handles":null,"output":{"#type":"blob","digest":"sha256:${'0'.repeat(64)}","sizeBytes":9}}`,
    '{"form":1,"at":1,"handles":null,"output":1,"writes":{}}',
    '{"form":1,"at":1,"handles":null,"output":1,"writes":[null]}',
    '{"form":1,"at":1,"handles":null,"output":1,"writes":[{"area":"usage","op":"add","key":"k","value":1}]}',
    '{"form":1,"at":1,"handles":null,"output":1,"writes":[{"area":"counter","op":"add","key":"k","value":"1"}]}',
    '{"form":1,"at":1,"handles":null,"output":1,"writes":[{"area":"variable","op":"set","key":"k"}]}',
    '{"form":1,"at":1,"handles":null,"output":1,"writes":[{"area":"contextConstant","op":"delete","key":"k"}]}',
    '{"form":1,"at":1,"handles":null,"output":1,"writes":[{"area":"accumulator","op":"sum","key":"k","value":"1"}]}',
    '{"form":1,"at":1,"handles":null,"output":1,"writes":[{"area":"cache","op":"set","key":"k","value":1,"expiresAt":"5"}]}',
    `{"form":1,"at":1,"handles":null,"output":1,"writes":[{"area":"cache","op":"delete","key":"${'x'.repeat(70_000)}"}]}`,
    '{"form":1,"at":1,"handles":null,"output":1,"writes":[{"area":"variable","op":"set","key":"k","value":{"#type":"Date"}}]}',
    `{"form":1,"at":1,"handles":null,"output":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
  ])('that is none is refused with a reason: %.90s', (text) => {
    expect(read(text)).toEqual(expect.any(String))
  })

  it('that was damaged anywhere is never another entry without a trace', () => {
    const text = entryText(whole)
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom('', '"', '{', 'x', '0', ','), (at, put) => {
        const damaged = text.slice(0, at) + put + text.slice(at + 1)
        const entry = read(damaged)
        if (typeof entry !== 'string') expect(entryText(entry)).toBe(damaged)
      }),
      { numRuns: 500 },
    )
  })
})
