import { afterEach, describe, expect, it, vi } from 'vitest'
import { consoleLogger, systemClock, systemIds, yieldToHost } from '../../../src/engine/system.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

describe('the system clock', () => {
  it('calls back once after the time, not at all when stopped', () => {
    vi.useFakeTimers({ now: 1_000 })
    const calls: number[] = []
    systemClock.setTimer(50, () => calls.push(systemClock.now()))
    const stop = systemClock.setTimer(60, () => calls.push(0))
    systemClock.setTimer(-5, () => calls.push(systemClock.now()))
    stop()
    vi.advanceTimersByTime(1_000)
    expect(calls).toEqual([1_000, 1_050])
  })

  it('waits for longer than a host’s timer can, and can be stopped on the way', () => {
    vi.useFakeTimers({ now: 0 })
    const year = 365 * 86_400_000
    let calls = 0
    systemClock.setTimer(year, () => {
      calls += 1
    })
    const stop = systemClock.setTimer(year, () => {
      calls += 100
    })
    vi.advanceTimersByTime(year / 2)
    stop()
    vi.advanceTimersByTime(year / 2 - 1)
    expect(calls).toBe(0)
    vi.advanceTimersByTime(1)
    expect(calls).toBe(1)
    vi.advanceTimersByTime(year)
    expect(calls).toBe(1)
  })
})

describe('the system’s ids', () => {
  it('are new each time, and seeds are unsigned 32-bit numbers', () => {
    expect(systemIds.newId()).not.toBe(systemIds.newId())
    for (let count = 0; count < 100; count += 1) {
      const seed = systemIds.newSeed()
      expect(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32).toBe(true)
    }
  })
})

describe('yielding to the host', () => {
  it('calls back after other tasks, with and without setImmediate', async () => {
    for (const isBrowser of [false, true]) {
      const order: string[] = []
      const later = new Promise<void>((resolve) => {
        if (isBrowser) vi.stubGlobal('setImmediate', undefined)
        yieldToHost(() => {
          order.push('back')
          resolve()
        })
      })
      await Promise.resolve().then(() => order.push('microtask'))
      await later
      expect(order).toEqual(['microtask', 'back'])
      vi.unstubAllGlobals()
    }
  })
})

describe('the console logger', () => {
  it('writes warnings and errors, and says nothing else', () => {
    const written: unknown[][] = []
    for (const level of ['debug', 'info', 'log', 'warn', 'error'] as const) {
      vi.spyOn(console, level).mockImplementation((...given) => void written.push([level, ...given]))
    }
    consoleLogger.debug('d')
    consoleLogger.info('i', {})
    consoleLogger.warn('w')
    consoleLogger.error('e', { a: 1 })
    expect(written).toEqual([
      ['warn', 'w'],
      ['error', 'e', { a: 1 }],
    ])
  })
})
