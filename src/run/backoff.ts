import type { RetryPolicy } from '../workflow/definition.ts'

/**
 * Milliseconds to wait before the next attempt: exponential, capped, with jitter drawn from the run's recorded seed,
 * so that the same run waits the same times wherever it is folded or resumed.
 *
 * @param failures - attempts that failed so far, 1 or more
 * @param seed - unsigned 32-bit
 * @param salt - what tells nodes of one run apart, e.g. the node's index
 */
export function backoffMs(policy: RetryPolicy, failures: number, seed: number, salt: number): number {
  const initial = policy.initialIntervalMs ?? 1_000
  const maximum = policy.maximumIntervalMs ?? initial * 100
  // The power may be infinite, and nothing times infinity is no number.
  const grown = initial === 0 ? 0 : initial * (policy.backoffCoefficient ?? 2) ** (failures - 1)
  const full = Math.min(maximum, grown, Number.MAX_SAFE_INTEGER)
  const share = (policy.jitter ?? 0.1) * unitFrom(seed, salt, failures)
  return Math.round(full * (1 - share))
}

/**
 * A number in [0, 1) from three integers.
 * @see Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators" (the 32-bit finaliser of MurmurHash3)
 */
function unitFrom(seed: number, salt: number, count: number): number {
  let hash = (seed ^ Math.imul(salt + 1, 0x9e3779b9) ^ Math.imul(count, 0x85ebca6b)) >>> 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000
}
