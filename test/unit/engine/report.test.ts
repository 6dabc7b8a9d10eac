import { describe, expect, it } from 'vitest'
import { LimitError, NodeError, RunError } from '../../../src/base/errors.ts'
import { errorOf, isRetryable, isThenable } from '../../../src/engine/report.ts'

const unreadable = new Proxy(
  {},
  {
    get() {
      throw new Error('no')
    },
  },
)

describe('whether another attempt may help', () => {
  it.each([
    ['any error', new Error('x'), true],
    ['what is no error', 'x', true],
    ['nothing', undefined, true],
    ['null', null, true],
    ['a time-out', new NodeError('NODE_TIMEOUT', 'x'), true],
    ['an error of ours', new NodeError('STATE_BAD_KEY', 'x'), false],
    ['one that says no', Object.assign(new Error('x'), { retryable: false }), false],
    ['one that says yes', Object.assign(new Error('x'), { retryable: true }), true],
    ['a time-out that says no', Object.assign(new NodeError('NODE_TIMEOUT', 'x'), { retryable: false }), false],
    ['one that can not be read', unreadable, true],
  ])('%s', (_what, thrown, expected) => {
    expect(isRetryable(thrown)).toBe(expected)
  })
})

describe('what is still to come', () => {
  it('is an object with a then', () => {
    expect([Promise.resolve(1), { then: () => undefined }].every(isThenable)).toBe(true)
    const functionWithThen = Object.assign(() => undefined, { then: () => undefined })
    expect([1, null, undefined, 'then', { then: 1 }, {}, functionWithThen].some(isThenable)).toBe(false)
  })
})

describe('a rejected command', () => {
  it('is a limit error for limits and a run error for all else, with code, message and details', () => {
    const limit = errorOf({ code: 'LIMIT_USAGE', message: 'm', details: { max: 1 } })
    expect([limit instanceof LimitError, limit.code, limit.message, limit.details]).toEqual([
      true,
      'LIMIT_USAGE',
      'm',
      { max: 1 },
    ])
    const other = errorOf({ code: 'RUN_ENDED', message: 'm' })
    expect([other instanceof RunError, other.details]).toEqual([true, {}])
  })
})
