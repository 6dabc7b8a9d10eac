import { afterEach, describe, expect, it, vi } from 'vitest'
import { callSafely } from '../../../src/engine/call-safely.ts'
import { guardedLogger } from '../../../src/engine/guarded-logger.ts'
import { consoleLogger } from '../../../src/engine/system.ts'
import { guardRejections, tick } from '../../helpers/run-control.ts'

guardRejections()
afterEach(() => vi.restoreAllMocks())

describe('a safe call', () => {
  it('reports what is thrown, now or later, and nothing else', async () => {
    const reported: unknown[] = []
    const report = (error: unknown) => void reported.push(error)
    callSafely(() => 1, report)
    callSafely(async () => 1, report)
    callSafely(() => {
      throw 'now'
    }, report)
    callSafely(() => Promise.reject('later'), report)
    callSafely(
      () => ({
        then() {
          throw 'then'
        },
      }),
      report,
    )
    await tick()
    expect(reported).toEqual(['now', 'then', 'later'])
  })
})

describe('a guarded logger', () => {
  it('hands on level, message and details, and no details when there are none', () => {
    const calls: unknown[][] = []
    const level =
      (name: string) =>
      (...given: unknown[]) =>
        void calls.push([name, ...given])
    const logger = guardedLogger({
      debug: level('debug'),
      info: level('info'),
      warn: level('warn'),
      error: level('error'),
    })
    logger.debug('d')
    logger.info('i', { a: 1 })
    logger.warn('w')
    logger.error('e', { b: 2 })
    expect(calls).toEqual([
      ['debug', 'd'],
      ['info', 'i', { a: 1 }],
      ['warn', 'w'],
      ['error', 'e', { b: 2 }],
    ])
  })

  it('keeps the logger’s own `this`, and tells the console when it fails', async () => {
    const told = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    class Own {
      readonly lines: string[] = []
      debug(message: string) {
        this.lines.push(message)
      }
      info() {
        throw new Error('now')
      }
      async warn() {
        throw new Error('later')
      }
      error() {}
    }
    const own = new Own()
    const logger = guardedLogger(own)
    logger.debug('kept')
    logger.info('one')
    logger.warn('two')
    await tick()
    expect(own.lines).toEqual(['kept'])
    expect(told.mock.calls.map(([message]) => message as string)).toEqual([
      'the logger failed at: one',
      'the logger failed at: two',
    ])
  })

  it('leaves the console’s own as it is', () => {
    expect(guardedLogger(consoleLogger)).toBe(consoleLogger)
  })
})
