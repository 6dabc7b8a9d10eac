import { blobOf, type Encoded, encodedSize, isSameEncoded, truncatedMarker } from '../base/encoded.ts'
import type { JsonObject } from '../base/json.ts'
import { codedError, type SerializedError } from '../base/serialized-error.ts'
import { combine, emptyAccumulator } from './accumulate.ts'
import type { RunConfig } from './config.ts'
import type { AccumulatorState, RunState } from './state.ts'
import { accumulatorSize, cacheSize, counterSize, entrySize } from './state-size.ts'
import type { StateWrite } from './state-write.ts'

/** A result within its limit: the result, the marker that stands for it, or why its node fails. */
export function limitOutput(
  config: RunConfig,
  nodeId: string,
  value: Encoded,
): { readonly value: Encoded; readonly problem: SerializedError | null } {
  const max = config.limits.maxResultBytes
  if (max === null || (typeof value !== 'object' && typeof value !== 'string')) return { value, problem: null }
  const actual = encodedSize(value)
  if (actual <= max || blobOf(value) !== null) return { value, problem: null }
  if (config.oversizedResults === 'drop') return { value: truncatedMarker(actual, max), problem: null }
  const message = `the result of node ${JSON.stringify(nodeId)} is ${actual} characters of JSON and limits.maxResultBytes is ${max}; ${config.oversizedResults === 'reference' ? 'give the blobs to keep it in' : 'store it elsewhere and return a reference'}`
  return { value, problem: codedError('LIMIT_RESULT_BYTES', message, { nodeId, limit: 'maxResultBytes', max, actual }) }
}

/** The same for a part of a result (a step, a checkpoint, an item, a visit): what stands for a dropped result can not stand for one. */
export function limitPart(config: RunConfig, nodeId: string, value: Encoded): ReturnType<typeof limitOutput> {
  return limitOutput(
    config.oversizedResults === 'drop' ? { ...config, oversizedResults: 'fail' } : config,
    nodeId,
    value,
  )
}

/**
 * Why the writes of a node can't be applied together, or null. A node's writes are one transaction: one that does not
 * fit (another node began the accumulator with another operation, a constant is taken, a sum overflows, the state grows
 * over its limit) fails the node, and none of them happens.
 */
export function problemOfWrites(
  state: RunState,
  nodeId: string,
  writes: readonly StateWrite[],
): SerializedError | null {
  let growth = 0
  /** Accumulators these writes touch, as they would be after the writes so far. */
  const pending = new Map<string, Pick<AccumulatorState, 'operation' | 'value'>>()
  for (const write of writes) {
    switch (write.area) {
      case 'accumulator': {
        const present = pending.get(write.key) ?? state.accumulators[write.key]
        if (present !== undefined && present.operation !== write.op) {
          const message = `node ${JSON.stringify(nodeId)} uses accumulator ${JSON.stringify(write.key)} with "${write.op}", but it began with "${present.operation}"; use another name`
          return codedError('STATE_ACCUMULATOR_KIND', message, {
            nodeId,
            key: write.key,
            found: write.op,
            expected: present.operation,
          })
        }
        const before = (present ?? emptyAccumulator(write.op)).value
        if (present === undefined) growth += accumulatorSize(write.key, emptyAccumulator(write.op))
        if (write.op === 'append') {
          growth += encodedSize(write.value) + 1
          pending.set(write.key, { operation: write.op, value: before })
          break
        }
        const after = combine(write.op, before, write.value as number | string)
        if (typeof after === 'number' && !Number.isFinite(after)) {
          return codedError(
            'STATE_NOT_FINITE',
            `node ${JSON.stringify(nodeId)} would make accumulator ${JSON.stringify(write.key)} ${after}`,
            {
              nodeId,
              key: write.key,
            },
          )
        }
        growth += encodedSize(after) - encodedSize(before)
        pending.set(write.key, { operation: write.op, value: after })
        break
      }
      case 'counter': {
        const present = state.counters[write.key]
        if (present === undefined) growth += counterSize(write.key)
        const after = (present ?? 0) + write.value
        if (!Number.isFinite(after)) {
          return codedError(
            'STATE_NOT_FINITE',
            `node ${JSON.stringify(nodeId)} would make counter ${JSON.stringify(write.key)} ${after}`,
            {
              nodeId,
              key: write.key,
            },
          )
        }
        break
      }
      case 'contextConstant': {
        const present = state.contextConstants[write.key]
        if (present !== undefined && !isSameEncoded(present, write.value)) {
          const message = `node ${JSON.stringify(nodeId)} sets the constant ${JSON.stringify(write.key)} again with another value; use a context variable for what changes`
          return codedError('STATE_CONSTANT_SET', message, { nodeId, key: write.key })
        }
        growth += present === undefined ? entrySize(write.key, write.value) : 0
        break
      }
      case 'cache':
        if (write.op === 'set') growth += cacheSize(write.key, { value: write.value, expiresAt: write.expiresAt })
        if (state.cache[write.key] !== undefined) growth -= cacheSize(write.key, state.cache[write.key]!)
        break
      default: {
        const areas = { variable: state.variables, contextVariable: state.contextVariables, type: state.types }
        const area = areas[write.area]
        if (write.op === 'set') growth += entrySize(write.key, write.value)
        if (area[write.key] !== undefined) growth -= entrySize(write.key, area[write.key]!)
      }
    }
  }
  return problemOfGrowth(state, growth, () => `the writes of node ${JSON.stringify(nodeId)}`, { nodeId })
}

/** Why a variable can not be set to a value from outside, or null. */
export function problemOfEdit(state: RunState, name: string, value: Encoded): SerializedError | null {
  const present = state.variables[name]
  const growth = entrySize(name, value) - (present === undefined ? 0 : entrySize(name, present))
  return problemOfGrowth(state, growth, () => `this value of the variable ${JSON.stringify(name)}`, { key: name })
}

function problemOfGrowth(
  state: RunState,
  growth: number,
  what: () => string,
  details: JsonObject,
): SerializedError | null {
  const max = state.config.limits.maxStateBytes
  const actual = state.stateBytes + growth
  if (max === null || growth <= 0 || actual <= max) return null
  const message = `${what()} would make the run's state ${actual} characters of JSON, and limits.maxStateBytes is ${max}`
  return codedError('LIMIT_STATE_BYTES', message, { ...details, limit: 'maxStateBytes', max, actual })
}
