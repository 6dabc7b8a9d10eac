// Medians, spreads and fits.

/** The value a part of the sorted samples lies below, between neighbours in proportion. */
function quantile(sorted, part) {
  const at = (sorted.length - 1) * part
  const low = Math.floor(at)
  const high = Math.ceil(at)
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low)
}

/** Median and spread of samples. */
export function summary(samples) {
  const sorted = samples.toSorted((a, b) => a - b)
  return {
    count: sorted.length,
    median: quantile(sorted, 0.5),
    low: sorted[0],
    q1: quantile(sorted, 0.25),
    q3: quantile(sorted, 0.75),
    high: sorted.at(-1),
  }
}

/**
 * The exponent of growth: the slope of log(time) over log(size), least squares.
 * 1 is linear; below it a fixed cost is still seen at the smallest size.
 */
export function exponentOf(points) {
  const logs = points.map(({ size, ms }) => [Math.log(size), Math.log(ms)])
  const meanX = logs.reduce((sum, [x]) => sum + x, 0) / logs.length
  const meanY = logs.reduce((sum, [, y]) => sum + y, 0) / logs.length
  const slope = logs.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  return slope / logs.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
}
