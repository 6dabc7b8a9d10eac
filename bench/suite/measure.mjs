// How a piece of work is timed inside its own process.

/** Shortest time of one sample; shorter work is repeated within it, so that the clock's grain does not count. */
const SAMPLE_MS = 20

/**
 * Milliseconds of one call, over rounds: first call, warm-up, then samples with a collected heap before each.
 *
 * @param run - the work; gives what `expected` must equal, in every call
 * @param settings - `rounds` samples after `warmMs` of warm-up, `minimum` if they take more than `capMs`
 * @returns `samples`, and `firstMs`: the first call, before anything was compiled
 */
export async function timed(run, expected, { rounds, warmMs, capMs, minimum }) {
  const start = performance.now()
  const call = async (times) => {
    globalThis.gc?.()
    const begin = performance.now()
    let last
    for (let time = 0; time < times; time += 1) last = await run()
    const ms = (performance.now() - begin) / times
    if (last !== expected) throw new Error(`wrong result: expected ${expected}, got ${last}`)
    return ms
  }
  const firstMs = await call(1)
  let ms = firstMs
  const warmEnd = performance.now() + warmMs
  for (let calls = 1; performance.now() < warmEnd && performance.now() - start < capMs / 2; calls += 1) {
    if (calls > 1 || ms < warmMs) ms = await call(1)
    else break
  }
  const times = Math.max(1, Math.ceil(SAMPLE_MS / ms))
  const samples = []
  while (samples.length < rounds && (samples.length < minimum || performance.now() - start < capMs)) {
    samples.push(await call(times))
  }
  return { samples, firstMs }
}
