import { describe, expect, it } from 'vitest'
import { blobMarker, type Encoded, truncatedMarker } from '../../../src/base/encoded.ts'
import { dictionary } from '../../../src/base/json.ts'
import { defaultCodec } from '../../../src/base/values/codec.ts'
import { DEFAULT_CONFIG } from '../../../src/run/config.ts'
import type { RunEvent, RunEventOf, RunEventType } from '../../../src/run/event.ts'
import { publicEvent } from '../../../src/run/public-event.ts'

const codec = defaultCodec
const encoded = codec.encode(new Map([['k', [1]]]))
const error = { name: 'E', message: 'm', details: { list: [1] }, cause: { name: 'C', message: 'c' } }
const entries = () => Object.assign(dictionary<typeof encoded>(), { v: encoded, __proto__x: 1 })

/** One event of each type; a new type is a compile error here. */
const data: { readonly [Type in RunEventType]: RunEventOf<Type>['data'] } = {
  'run.started': {
    workflow: Object.freeze({ id: 'w', version: '1.0.0', nodes: Object.freeze([]), edges: Object.freeze([]) }),
    fingerprint: 'f',
    input: encoded,
    config: DEFAULT_CONFIG,
    seed: 1,
    variables: entries(),
    contextVariables: entries(),
    contextConstants: entries(),
    parent: { runId: 'p', seq: 1, kind: 'fork' },
  },
  'run.resumed': { reason: 'loaded', config: DEFAULT_CONFIG },
  'run.pause-requested': { reason: 'r' },
  'run.paused': { reason: 'r' },
  'run.waiting': { nodeIds: ['a'] },
  'run.quarantined': { resumes: 3 },
  'run.canceled': { reason: 'r', error },
  'run.compensating': { cause: 'failure', error, nodeId: 'a' },
  'compensation.started': { nodeId: 'a', attempt: 1 },
  'compensation.completed': {
    nodeId: 'a',
    attempt: 1,
    writes: [{ area: 'variable', op: 'set', key: 'v', value: encoded }],
  },
  'compensation.retry-scheduled': { nodeId: 'a', attempt: 1, error, delayMs: 1, dueAt: 2 },
  'compensation.failed': { nodeId: 'a', attempt: 1, error },
  'compensation.interrupted': { nodeId: 'a', attempt: 1, reason: 'crash' },
  'run.completed': {},
  'run.failed': { error, nodeId: 'a' },
  'node.started': { nodeId: 'a', attempt: 1 },
  'node.completed': {
    nodeId: 'a',
    attempt: 1,
    reused: 'k',
    output: encoded,
    writes: [
      { area: 'variable', op: 'set', key: 'v', value: encoded },
      { area: 'variable', op: 'delete', key: 'w' },
    ],
    signals: [3],
    decisions: Object.assign(dictionary<boolean>(), { e: true }),
  },
  'node.waiting': {
    nodeId: 'a',
    attempt: 1,
    wait: { kind: 'timer', id: 'w3', durationMs: 5, onLoad: 'deadline' },
    dueAt: 8,
  },
  'node.deferred': { nodeId: 'a', dueAt: 9 },
  'node.visited': {
    nodeId: 'a',
    attempt: 1,
    visit: 1,
    output: encoded,
    writes: [{ area: 'variable', op: 'set', key: 'v', value: encoded }],
  },
  'node.checkpointed': { nodeId: 'a', attempt: 1, value: encoded },
  'step.completed': { nodeId: 'a', attempt: 1, name: 's', output: encoded },
  'child.started': { nodeId: 'a', attempt: 1, input: encoded },
  'items.listed': { nodeId: 'a', attempt: 1, count: 1, keys: ['k'] },
  'item.started': { nodeId: 'a', item: 0, attempt: 1 },
  'item.completed': { nodeId: 'a', item: 0, attempt: 1, output: encoded },
  'item.retry-scheduled': { nodeId: 'a', item: 0, attempt: 1, error, delayMs: 1, dueAt: 2 },
  'item.failed': { nodeId: 'a', item: 0, attempt: 1, error },
  'item.interrupted': { nodeId: 'a', item: 0, attempt: 1, reason: 'crash' },
  'node.retry-scheduled': { nodeId: 'a', attempt: 1, error, delayMs: 1, dueAt: 2 },
  'node.fell-back': { nodeId: 'a', attempt: 1, error, fallback: 'b' },
  'node.failed': { nodeId: 'a', attempt: 1, error, onError: 'fail' },
  'node.skipped': { nodeId: 'a', reason: 'untaken' },
  'node.interrupted': { nodeId: 'a', attempt: 1, reason: 'crash' },
  'node.reset': { nodeId: 'a' },
  'node.set': {
    nodeId: 'a',
    output: encoded,
    decisions: Object.assign(dictionary<boolean>(), { e: true }),
    by: 'b',
    why: 'w',
  },
  'variable.edited': { name: 'v', value: encoded, by: 'b', why: 'w' },
  'usage.added': { nodeId: 'a', attempt: 1, resource: 'http', amount: 1 },
  'token.issued': { waitId: 'w3', digest: 'd', expiresAt: null },
  'signal.received': { name: 's', payload: encoded, fits: ['a'] },
}

describe.each(Object.keys(data) as RunEventType[])('a listener’s %s', (type) => {
  const event = { seq: 1, runId: 'r', at: 1, type, data: data[type] } as RunEvent

  it('has every member, values decoded', () => {
    const shown = publicEvent(event, codec)
    expect({ ...shown, data: null }).toEqual({ ...event, data: null })
    expect(Object.keys(shown.data).sort()).toEqual(Object.keys(event.data).sort())
    const text = JSON.stringify(shown, (_key, value: unknown) => (value instanceof Map ? [...value] : value))
    expect(text).not.toContain('#type')
  })

  it('is frozen all the way, or a copy of the reader’s own', () => {
    const before = structuredClone(event)
    ruin(publicEvent(event, codec))
    expect(event).toEqual(before)
    const once = publicEvent(event, codec)
    const first = read(once)
    ruin(once)
    expect(read(once)).toEqual(first)
  })
})

/** All that can be read of an event, getters called. */
function read(event: RunEvent): unknown {
  return structuredClone(Object.fromEntries(Object.entries(event.data).map(([key, value]) => [key, plain(value)])))
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof Map || typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]))
}

function ruin(value: unknown): void {
  if (value instanceof Map) return value.clear()
  if (typeof value !== 'object' || value === null) return
  for (const key of Object.keys(value)) {
    ruin(Reflect.get(value, key))
    Reflect.set(value, key, 'ruined')
    Reflect.deleteProperty(value, key)
  }
  Reflect.set(value, 'more', 1)
}

describe('a result that is not in its event', () => {
  const shownOutput = (output: Encoded) => {
    const data = { nodeId: 'a', attempt: 1, output }
    const shown = publicEvent({ seq: 1, runId: 'r', at: 1, type: 'node.completed', data }, codec)
    return (shown.data as { readonly output: unknown }).output
  }

  it('stands as what says that it was dropped, or where it is kept', () => {
    const digest = `sha256:${'0'.repeat(64)}`
    expect(shownOutput(truncatedMarker(20, 10))).toEqual({ truncated: true, sizeBytes: 20, maxBytes: 10 })
    expect(shownOutput(blobMarker({ digest, sizeBytes: 20 }))).toEqual({ keptOutside: true, digest, sizeBytes: 20 })
  })
})
