import { describe, expect, it } from 'vitest'
import type { ErrorCode } from '../../../src/base/error-codes.ts'
import { WaystoneError } from '../../../src/base/errors.ts'
import { exitCodeOf, exitCodeOfRun } from '../../../src/cli/exit-codes.ts'

describe('exitCodeOf', () => {
  it.each<[ErrorCode, number]>([
    ['WORKFLOW_CYCLE', 1],
    ['CLI_FILE', 1],
    ['USAGE', 2],
    ['STORE_BAD_ARGUMENT', 2],
    ['STORE_NOT_FOUND', 5],
    ['SNAPSHOT_INTEGRITY', 6],
    ['STORE_DAMAGED', 6],
    ['STORE_HELD', 7],
    ['STORE_FENCED', 7],
    ['SNAPSHOT_TOO_NEW', 8],
    ['WORKFLOW_CHANGED', 8],
    ['NODE_TYPE_MISSING', 8],
  ])('of %s is %i', (code, exit) => {
    expect(exitCodeOf(new WaystoneError(code, ''))).toBe(exit)
  })

  it('of a file to be read that does not exist is 5, of a folder for a new file 1', () => {
    const missing = (use: string) => new WaystoneError('CLI_FILE', '', { details: { use, systemCode: 'ENOENT' } })
    expect(exitCodeOf(missing('read'))).toBe(5)
    expect(exitCodeOf(missing('written'))).toBe(1)
    expect(exitCodeOf(missing('imported'))).toBe(1)
  })

  it('of an error that is not ours is 1', () => {
    expect(exitCodeOf(new Error('no'))).toBe(1)
    expect(exitCodeOf('no')).toBe(1)
  })
})

describe('exitCodeOfRun', () => {
  it('tells done, failed and resumable apart', () => {
    expect(exitCodeOfRun('completed')).toBe(0)
    expect(exitCodeOfRun('failed')).toBe(3)
    expect(exitCodeOfRun('canceled')).toBe(3)
    expect(exitCodeOfRun('paused')).toBe(4)
    expect(exitCodeOfRun('waiting')).toBe(4)
  })
})
