import { describe, expect, it } from 'vitest'
import { backoffMs } from '../../../src/run/backoff.ts'
import type { RetryPolicy } from '../../../src/workflow/definition.ts'

const delays = (policy: Omit<RetryPolicy, 'maximumAttempts'>, count: number, seed = 7, salt = 0) =>
  Array.from({ length: count }, (_, index) => backoffMs({ maximumAttempts: 99, ...policy }, index + 1, seed, salt))

describe('backoffMs', () => {
  it('grows by the coefficient from the initial interval to the maximum', () => {
    expect(delays({ initialIntervalMs: 10, backoffCoefficient: 3, maximumIntervalMs: 200, jitter: 0 }, 5)).toEqual([
      10, 30, 90, 200, 200,
    ])
  })

  it('has 1,000 ms, 2, 100 times the initial interval and 0.1 as defaults', () => {
    expect(delays({ jitter: 0 }, 9)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 100_000, 100_000])
    expect(delays({ initialIntervalMs: 3, jitter: 0 }, 7).at(-1)).toBe(3 * 2 ** 6)
    expect(delays({ initialIntervalMs: 3, jitter: 0 }, 8).at(-1)).toBe(300)
    for (let seed = 0; seed < 1_000; seed += 1) {
      const [delay] = delays({}, 1, seed)
      expect(delay).toBeGreaterThanOrEqual(900)
      expect(delay).toBeLessThanOrEqual(1_000)
    }
  })

  it('stays equal with a coefficient of 1, and may be cut below the initial interval', () => {
    expect(delays({ initialIntervalMs: 50, backoffCoefficient: 1, jitter: 0 }, 3)).toEqual([50, 50, 50])
    expect(delays({ initialIntervalMs: 50, maximumIntervalMs: 20, jitter: 0 }, 2)).toEqual([20, 20])
  })

  it('draws the same delays from the same seed, others from another seed or node', () => {
    const policy = { initialIntervalMs: 1e6, backoffCoefficient: 1, jitter: 1 }
    const drawn = delays(policy, 20)
    expect(delays(policy, 20)).toEqual(drawn)
    expect(delays(policy, 20, 8)).not.toEqual(drawn)
    expect(delays(policy, 20, 7, 1)).not.toEqual(drawn)
    expect(new Set(drawn).size).toBe(20)
  })

  it('takes away a share of up to the jitter, spread over all of it', () => {
    const shares = Array.from({ length: 4_000 }, (_, seed) => {
      const [delay] = delays({ initialIntervalMs: 1e6, jitter: 0.5 }, 1, seed * 1_048_573)
      return (1e6 - delay!) / 1e6
    })
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...shares)).toBeLessThanOrEqual(0.5)
    for (let tenth = 0; tenth < 10; tenth += 1) {
      const inside = shares.filter((share) => share >= tenth * 0.05 && share < (tenth + 1) * 0.05).length
      expect(inside).toBeGreaterThan(300)
    }
  })

  it.each([0, 1, 1_000, 1e12, 1e300, Number.MAX_VALUE])(
    'gives a whole, finite delay from %d ms on, at any attempt',
    (ms) => {
      for (const backoffCoefficient of [1, 2, 1e308]) {
        for (const failures of [1, 2, 1_000, 1_100, 1e9]) {
          for (const jitter of [0, 1]) {
            const delay = backoffMs(
              { maximumAttempts: 2, initialIntervalMs: ms, backoffCoefficient, jitter },
              failures,
              1,
              1,
            )
            expect(Number.isSafeInteger(delay) && delay >= 0).toBe(true)
            if (ms === 0) expect(delay).toBe(0)
          }
        }
      }
    },
  )

  it('goes beyond what a host timer takes', () => {
    expect(delays({ initialIntervalMs: 2 ** 31 + 5, jitter: 0 }, 2)).toEqual([2 ** 31 + 5, 2 ** 32 + 10])
  })
})
