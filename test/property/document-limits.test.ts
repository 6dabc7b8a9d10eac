import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodedText } from '../../src/base/encoded.ts'
import { isWaystoneError } from '../../src/base/errors.ts'
import { dictionary } from '../../src/base/json.ts'
import { createCodec } from '../../src/base/values/codec.ts'
import { type ItemState, type ItemStatus, type NodeParts, noParts, untouchedItem } from '../../src/run/parts.ts'
import { pendingState } from '../../src/run/run.ts'
import type { NodeState, RunState } from '../../src/run/state.ts'
import { deserialize } from '../../src/snapshot/deserialize.ts'
import { resolveLimits, type SnapshotLimits } from '../../src/snapshot/limits.ts'
import { serialize } from '../../src/snapshot/serialize.ts'
import { takeSnapshot } from '../../src/snapshot/snapshot.ts'
import { parseDefinition } from '../../src/workflow/parse.ts'
import { runs } from '../helpers/property.ts'
import { AT } from '../unit/snapshot/sample.ts'

/** One or two limits so small that about every second run is over one of them. */
const smallLimit = fc.oneof(
  fc.record({ maxBytes: fc.integer({ min: 3_000, max: 16_000 }) }),
  fc.record({ maxCompressedBytes: fc.integer({ min: 900, max: 2_400 }) }),
  fc.record({ maxSlots: fc.integer({ min: 1, max: 70 }) }),
  fc.record({ maxDepth: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ maxMembers: fc.integer({ min: 80, max: 260 }) }),
  fc.record({ maxElements: fc.integer({ min: 4, max: 60 }) }),
  fc.record({ maxKeysPerObject: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ maxKeyLength: fc.integer({ min: 22, max: 40 }) }),
  fc.record({ maxStringLength: fc.integer({ min: 64, max: 500 }) }),
)
const smallLimits: fc.Arbitrary<Partial<SnapshotLimits>> = fc
  .tuple(smallLimit, fc.oneof(fc.constant({}), smallLimit))
  .map(([one, other]) => ({ ...one, ...other }))

const name = fc
  .oneof(
    fc.constantFrom(
      'a',
      'b',
      '10',
      '2',
      '',
      '__proto__',
      'constructor',
      'toString',
      '#type',
      '##type',
      'x\ud800',
      'é"\n',
    ),
    fc.string({ unit: 'grapheme', maxLength: 30 }),
  )
  // The nodes that wait and map have these.
  .filter((id) => !['each', 'ask', 'nap', 'draft'].includes(id))
const names = (maxLength: number) => fc.uniqueArray(name, { maxLength })
const nested = fc
  .tuple(fc.nat(14), fc.constantFrom('in', '__proto__', '#type'))
  .map(([levels, key]) => JSON.parse(`${`{"${key}":`.repeat(levels)}[1]${'}'.repeat(levels)}`) as object)
const value = fc.oneof(
  fc.constantFrom<unknown>(1, null, undefined, -0, 12n, 'x'.repeat(100), '\n"'.repeat(40), 'x\ud800'),
  fc.dictionary(fc.string({ maxLength: 3 }), fc.integer(), { maxKeys: 8 }),
  fc.array(fc.integer(), { maxLength: 40 }),
  fc.uint8Array({ maxLength: 300 }),
  nested,
)
const entries = fc.array(fc.tuple(name, value), { maxLength: 6 })

const ITEM_STATUSES = ['pending', 'running', 'retrying', 'completed', 'completed', 'failed', 'interrupted'] as const

const ingredients = fc.record({
  ids: names(8),
  data: fc.array(fc.oneof(nested, fc.jsonValue({ maxDepth: 4 })), { maxLength: 8 }),
  outputs: fc.array(value, { maxLength: 8 }),
  variables: entries,
  constants: entries,
  cache: entries,
  items: fc.array(value, { maxLength: 4 }),
  counters: names(8),
  usage: names(4),
  signals: fc.array(value, { maxLength: 3 }),
  steps: entries,
  checkpoint: value,
  mapped: fc.array(fc.tuple(fc.constantFrom<ItemStatus>(...ITEM_STATUSES), value), { maxLength: 8 }),
  isKeyed: fc.boolean(),
  untouched: fc.nat(12),
  signalKeys: names(6),
  message: fc.oneof(fc.constant('x'.repeat(400)), fc.string()),
  details: fc.option(nested, { nil: undefined }),
})
type Ingredients = typeof ingredients extends fc.Arbitrary<infer T> ? T : never

/** A state of a run whose values a codec took; what it refused is left out, as it would be in a run. */
function stateOf(made: Ingredients, limits: SnapshotLimits): RunState {
  const { maxBytes: _, maxCompressedBytes: __, maxSlots: ___, ...ofValues } = limits
  const codec = createCodec({ limits: ofValues })
  const taken = (list: readonly (readonly [string, unknown])[]) => {
    const map = dictionary<ReturnType<typeof codec.encode>>()
    for (const [key, of] of list) {
      try {
        map[key] = codec.encode(of)
      } catch (error) {
        if (!isWaystoneError(error)) throw error
      }
    }
    return map
  }
  const definition = parseDefinition({
    id: 'w',
    version: '1.0.0',
    nodes: [
      ...made.ids.map((id, index) => ({ id, type: 't', data: made.data[index] ?? null })),
      ...(['each', 'ask', 'nap', 'draft'] as const).map((id) => ({
        id,
        type: 't',
        ...(id === 'each' ? { map: {} } : {}),
      })),
    ],
    edges: [],
  })
  const state = pendingState({ runId: 'r', workflow: definition, fingerprint: 'f'.repeat(64) })
  const results = taken(made.outputs.map((output, index) => [String(index), output]))
  state.nodes.slice(0, made.ids.length).forEach((node, index) => {
    const output = results[String(index)]
    const begun: Partial<NodeState> = { attempt: 1, startedAt: AT - 2, endedAt: AT - 1 }
    if (output !== undefined) {
      Object.assign(node, begun, { status: 'completed', output })
      state.completed.push(definition.nodes[index]!.id)
    } else if (index % 2 === 0) {
      const error = { name: 'Error', message: made.message, ...(made.details ? { details: { of: made.details } } : {}) }
      Object.assign(node, begun, { status: 'failed', failures: 1, error })
    }
  })
  const [each, ask, nap, draft] = state.nodes.slice(made.ids.length) as [NodeState, NodeState, NodeState, NodeState]
  const steps = taken(made.steps)
  const [checkpoint] = Object.values(taken([['c', made.checkpoint]]))
  const waiting: Partial<NodeState> = { status: 'waiting', attempt: 1, startedAt: AT - 2 }
  const error = { name: 'Error', message: made.message, ...(made.details ? { details: { of: made.details } } : {}) }
  const list = [
    ...Object.values(taken(made.mapped.map(([, of], index) => [`i${index}`, of]))).map((output, index): ItemState => {
      const status = made.mapped[index]![0]
      const item = { ...untouchedItem(), status, attempt: 1 }
      if (status === 'completed') return { ...item, output }
      if (status === 'retrying') item.dueAt = AT + index
      if (status === 'failed' || status === 'retrying') Object.assign(item, { failures: 1, error })
      return status === 'running' ? { ...item, progress: { steps, checkpoint } } : item
    }),
    ...Array.from({ length: made.untouched }, untouchedItem),
  ]
  const keys = made.isKeyed ? list.map((_, index) => `${'k'.repeat(index * 9)}${index}`) : null
  Object.assign(each, waiting, { parts: { ...noParts(), items: { keys, list } } })
  const endless = { durationMs: null, onLoad: 'deadline', onTimeout: 'fail', take: 'all' } as const
  Object.assign(ask, waiting, { wait: { kind: 'signal', id: 'w2', name: made.message, ...endless } })
  Object.assign(nap, waiting, { dueAt: AT + 5, wait: { kind: 'timer', id: 'w3', durationMs: 7, onLoad: 'remaining' } })
  const parts = { ...noParts(), steps, checkpoint, visits: 1, previous: checkpoint ?? null }
  Object.assign(draft, { attempt: 1, startedAt: AT - 2, endedAt: AT - 1, parts })
  for (const key of made.signalKeys) state.signalKeys[key] = 3
  Object.assign(state, { status: 'running', seq: 100, startedAt: AT - 10, lastAt: AT - 1, activeSince: AT - 10 })
  state.variables = taken(made.variables)
  state.contextConstants = taken(made.constants)
  for (const [key, of] of Object.entries(taken(made.cache))) state.cache[key] = { value: of, expiresAt: AT + 5 }
  const items = Object.values(taken(made.items.map((item, index) => [`i${index}`, item])))
  if (items.length > 0) state.accumulators['list'] = { operation: 'append', value: null, items }
  for (const key of made.counters) state.counters[key] = 1
  for (const key of made.usage) state.usage[key] = 1
  state.usage['nodeExecutions'] = 100
  state.signals = Object.values(taken(made.signals.map((payload, index) => [`s${index}`, payload]))).map(
    (payload, index) => ({ seq: index + 1, at: AT - 1, name: 's', payload, waitId: 'w2', fits: made.ids }),
  )
  return state
}

/** What stands for the values of a node's parts; every item is one. */
function valuesOf({ steps, checkpoint, previous, items }: NodeParts): readonly unknown[] {
  const progress = [
    ...Object.keys(steps),
    ...(checkpoint === undefined ? [] : [0]),
    ...(previous === undefined ? [] : [0]),
  ]
  const list = items?.list ?? []
  return [
    ...progress,
    ...list,
    ...list.flatMap((item) => (item.progress === null ? [] : valuesOf({ ...noParts(), ...item.progress }))),
  ]
}

describe('a run at the edges of the limits of its reader', () => {
  it('is refused when it is written, or reads back equal with the same limits', () => {
    const counts = { written: 0, refused: 0 }
    const refusedBy = new Set<unknown>()
    const how = fc.record({ pretty: fc.boolean(), isCompressed: fc.boolean() })
    fc.assert(
      fc.property(ingredients, smallLimits, how, (made, given, { pretty, isCompressed }) => {
        const limits = resolveLimits(given)
        const snapshot = takeSnapshot(stateOf(made, limits), AT)
        let written: string | Uint8Array
        try {
          written = serialize(snapshot, { limits: given, pretty, ...(isCompressed ? { compress: 'gzip' } : {}) })
        } catch (error) {
          if (!isWaystoneError(error, 'SNAPSHOT_LIMIT') && !isWaystoneError(error, 'LIMIT_SNAPSHOT_BYTES')) throw error
          counts.refused += 1
          refusedBy.add(error.details['limit'])
          return
        }
        counts.written += 1
        expect(deserialize(written, { limits: given }).compactText()).toBe(snapshot.compactText())
      }),
      runs('documents at the limits of their reader', 5_000),
    )
    expect(counts.written).toBeGreaterThan(0)
    expect(counts.refused).toBeGreaterThan(0)
    console.log(`documents at the limits: ${JSON.stringify(counts)}, refused by ${[...refusedBy].join(', ')}`)
  })

  it('counts values as its reader does: a limit of just as many lets it pass, of one less refuses it', () => {
    fc.assert(
      fc.property(ingredients, (made) => {
        const state = stateOf(made, resolveLimits(undefined))
        const snapshot = takeSnapshot(state, AT)
        const { document } = snapshot
        const values = [
          document.run.input,
          ...state.completed,
          ...Object.keys(state.variables),
          ...Object.keys(state.contextConstants),
          ...Object.keys(state.cache),
          ...(state.accumulators['list']?.items ?? []).map(encodedText),
          ...state.signals,
          ...state.nodes.flatMap(({ parts }) => (parts === null ? [] : valuesOf(parts))),
        ].length
        expect(() => serialize(snapshot, { limits: { maxSlots: values - 1 } })).toThrow(
          expect.objectContaining({ code: 'SNAPSHOT_LIMIT' }),
        )
        const text = serialize(snapshot, { limits: { maxSlots: values } })
        expect(deserialize(text, { limits: { maxSlots: values } }).compactText()).toBe(snapshot.compactText())
      }),
      runs('documents of as many values as their reader takes', 1_000),
    )
  })
})
