import { describe, expect, it } from 'vitest'
import { checkOptions, invalidArgument, readArgument, unknownOption } from '../../../src/base/argument.ts'
import { DefinitionError, StoreError, WaystoneError } from '../../../src/base/errors.ts'

function thrownBy(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}

describe('an error about an argument', () => {
  it('says where, which, what was expected, what came, and what to do', () => {
    const error = invalidArgument('leaseMs', 'a number above 0', -1, { of: 'createEngine', advice: 'leave it out' })
    expect(error.message).toBe('createEngine: leaseMs expects a number above 0, got -1; leave it out')
    expect(error.details).toEqual({ parameter: 'leaseMs', expected: 'a number above 0', got: '-1' })
  })

  it('has the class, code and details it is asked for', () => {
    const error = invalidArgument('dir', 'a path', null, {
      error: StoreError,
      code: 'STORE_BAD_ARGUMENT',
      details: { n: 1 },
    })
    expect(error).toBeInstanceOf(StoreError)
    expect(error).toMatchObject({ code: 'STORE_BAD_ARGUMENT', details: { parameter: 'dir', got: 'null', n: 1 } })
  })

  it('lists the options that are unknown and those that are known', () => {
    const error = unknownOption('serialize', ['prety'], ['pretty', 'compress'])
    expect(error.message).toBe('serialize has no option "prety"; it has pretty, compress')
    expect(error).toMatchObject({
      code: 'OPTION_UNKNOWN',
      details: { unknown: ['prety'], known: ['pretty', 'compress'] },
    })
  })
})

describe('readArgument', () => {
  it('gives what is read, and throws an error of ours as it is', () => {
    const ours = new WaystoneError('USAGE', 'ours')
    expect(readArgument('a', () => 5)).toBe(5)
    expect(
      thrownBy(() =>
        readArgument('a', () => {
          throw ours
        }),
      ),
    ).toBe(ours)
  })

  it.each([
    [new RangeError('theirs'), /"theirs"$/],
    ['text', /"text"$/],
    [undefined, /undefined$/],
  ])('keeps what the caller threw as the cause (%s)', (cause, message) => {
    const error = thrownBy(() =>
      readArgument(
        'a',
        () => {
          throw cause
        },
        { error: DefinitionError },
      ),
    )
    expect(error).toBeInstanceOf(DefinitionError)
    expect(error).toMatchObject({ code: 'ARGUMENT_INVALID', message: expect.stringMatching(message) })
    expect((error as Error).cause).toBe(cause)
  })
})

describe('checkOptions', () => {
  it.each([[null], [undefined], [5], ['text'], [[]]])('refuses %j, which is no options object', (options) => {
    expect(() => checkOptions(options, ['a'], 'f')).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID' }))
  })

  it('tells an accessor that throws before anything is done', () => {
    const options = {
      get a(): number {
        throw new Error('not yet')
      },
    }
    expect(() => checkOptions(options, ['a'], 'f')).toThrow('f: options throws when it is read: "not yet"')
  })

  it('takes known members, also undefined ones', () => {
    expect(() => checkOptions({ a: undefined }, ['a', 'b'], 'f')).not.toThrow()
  })
})
