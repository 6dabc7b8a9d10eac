// The graphs the workloads run, as lists of upstream indexes, and the checksum every subject has to come to.
import { createWorkflow } from 'waystone'

/** The same numbers in every process: a linear congruential generator (Numerical Recipes). */
export function generator(seed) {
  let state = seed
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

const LAYER = 100

/** Node i has up to three parents among the hundred before it; the first hundred have none. */
function layered(size) {
  const draw = generator(42)
  return Array.from({ length: size }, (_, index) =>
    index < LAYER ? [] : [...new Set([0, 0, 0].map(() => index - 1 - draw(LAYER)))],
  )
}

const chain = (size) => Array.from({ length: size }, (_, index) => (index === 0 ? [] : [index - 1]))
const fan = (size) => Array.from({ length: size }, (_, index) => (index === 0 ? [] : [0]))

const shapes = { layered, chain, fan }

/** Upstream indexes of each node of a graph of a shape. */
export const upstreamsOf = (shape, size) => shapes[shape](size)

/** What every node does: add up what came in. */
export function step(values) {
  let total = 1
  for (const value of values) total = (total + value) % 1_000_003
  return total
}

/** One number for all results in definition order. */
export function checksum(results) {
  let sum = 7
  for (const result of results) sum = (sum * 31 + result) % 1_000_000_007
  return sum
}

/** The checksum of a graph, by a loop that nobody measures. */
export function expectedOf(upstreams) {
  const results = []
  for (const sources of upstreams) results.push(step(sources.map((source) => results[source])))
  return checksum(results)
}

/** Node ids, by index. */
export const idsOf = (upstreams) => upstreams.map((_, index) => `n${index}`)

/** A graph as a workflow whose nodes are all of the type `step`. */
export function workflowOf(upstreams, handler, { id = 'bench', more = [] } = {}) {
  const nodes = upstreams.map((_, index) => ({ id: `n${index}`, type: 'step' }))
  const edges = upstreams.flatMap((sources, index) =>
    sources.map((source) => ({ source: `n${source}`, target: `n${index}` })),
  )
  const handlers = { step: handler }
  for (const { node, upstream, run } of more) {
    nodes.push({ id: node, type: node })
    edges.push({ source: upstream, target: node })
    handlers[node] = run
  }
  return createWorkflow({ id, version: '1.0.0', nodes, edges }, { handlers })
}
