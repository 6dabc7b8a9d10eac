// How a piece of work is timed inside its own process.
import { summary } from './statistics.mjs'

/** Shortest time of one sample; shorter work is repeated within it, so that the clock's grain does not count. */
const SAMPLE_MS = 20

/**
 * Milliseconds of one call, over rounds: first call, warm-up, then samples.
 * The heap is left to itself: a full collection before each sample throws optimized code away with the objects it was
 * made for, which makes the engine 2.5 times slower than any program that uses it would see, and the promise loop not at all.
 *
 * @param run - the work; gives what `expected` must equal, in every call, or that as `value`, with `ms` where it has taken its time itself
 * @param settings - `rounds` samples after `warmMs` of warm-up, `minimum` if they take more than `capMs`
 * @returns `samples`, the median of processor time, and `firstMs`: the first call, before anything was compiled
 */
export async function timed(run, expected, { rounds, warmMs, capMs, minimum }) {
  const start = performance.now()
  const call = async (times) => {
    const cpu = process.cpuUsage()
    const begin = performance.now()
    let last
    let ownMs = null
    for (let time = 0; time < times; time += 1) {
      last = await run()
      if (typeof last !== 'object') continue
      if (last.ms !== undefined) ownMs = (ownMs ?? 0) + last.ms
      last = last.value
    }
    const ms = (ownMs ?? performance.now() - begin) / times
    const { user, system } = process.cpuUsage(cpu)
    if (last !== expected) throw new Error(`wrong result: expected ${expected}, got ${last}`)
    return { ms, cpuMs: (user + system) / 1000 / times }
  }
  const { ms: firstMs } = await call(1)
  let ms = firstMs
  const warmEnd = performance.now() + warmMs
  for (let calls = 1; performance.now() < warmEnd && performance.now() - start < capMs / 2; calls += 1) {
    if (calls > 1 || ms < warmMs) ms = (await call(1)).ms
    else break
  }
  const times = Math.max(1, Math.ceil(SAMPLE_MS / ms))
  const calls = []
  while (calls.length < rounds && (calls.length < minimum || performance.now() - start < capMs)) {
    calls.push(await call(times))
  }
  return {
    samples: calls.map((each) => each.ms),
    facts: { firstMs, cpuMs: summary(calls.map(({ cpuMs }) => cpuMs)).median },
  }
}
