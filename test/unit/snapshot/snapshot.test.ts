import { describe, expect, it } from 'vitest'
import { blobMarker, truncatedMarker } from '../../../src/base/encoded.ts'
import { isWaystoneError } from '../../../src/base/errors.ts'
import { defaultCodec as codec } from '../../../src/base/values/codec.ts'
import { pendingState } from '../../../src/run/run.ts'
import { stateBytesOf } from '../../../src/run/state-size.ts'
import { deserialize } from '../../../src/snapshot/deserialize.ts'
import { restoreState } from '../../../src/snapshot/restore.ts'
import { serialize } from '../../../src/snapshot/serialize.ts'
import { takeSnapshot } from '../../../src/snapshot/snapshot.ts'
import { parseDefinition } from '../../../src/workflow/parse.ts'
import { sealed } from '../../helpers/seal.ts'
import { AT, sampleState } from './sample.ts'

describe('serialize and deserialize', () => {
  const text = serialize(takeSnapshot(sampleState(), AT))
  const compact = serialize(takeSnapshot(sampleState(), AT), { pretty: false })

  it('give equal bytes for equal state, pretty, compact and compressed', () => {
    expect(serialize(takeSnapshot(sampleState(), AT))).toBe(text)
    expect(serialize(deserialize(text))).toBe(text)
    expect(serialize(deserialize(compact), { pretty: false })).toBe(compact)
    expect(serialize(deserialize(compact))).toBe(text)
    const bytes = serialize(deserialize(text), { compress: 'gzip' })
    expect(serialize(deserialize(bytes), { compress: 'gzip' })).toEqual(bytes)
    expect([...bytes.subarray(0, 8)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0])
  })

  it('write a restored state as it was read', () => {
    const snapshot = deserialize(compact)
    const again = takeSnapshot(snapshot.copyOfState().state, AT)
    expect(serialize(again, { pretty: false })).toBe(compact)
  })

  it('indent like JSON.stringify where objects keep the order', () => {
    const state = pendingState({
      runId: 'r',
      workflow: parseDefinition({ id: 'w', nodes: [{ id: 'a', type: 't', data: { e: {}, f: [] } }] }),
      fingerprint: 'f',
    })
    const pretty = serialize(takeSnapshot(state, AT))
    expect(pretty).toBe(JSON.stringify(JSON.parse(pretty), null, 2))
  })

  it('read the document as text, bytes of any realm, ArrayBuffer and object', () => {
    const bytes = new TextEncoder().encode(text)
    for (const input of [
      text,
      bytes,
      Buffer.from(text),
      bytes.buffer as ArrayBuffer,
      new Uint8Array([...bytes]),
      takeSnapshot(sampleState(), AT),
    ]) {
      expect(serialize(deserialize(input))).toBe(text)
    }
  })

  it('read a document that went through an object, whatever order it lists numeric names in', () => {
    const snapshot = takeSnapshot(sampleState(), AT)
    expect(serialize(deserialize(snapshot.document))).toBe(text)
    expect(serialize(deserialize(JSON.stringify(snapshot)))).toBe(text)
    expect(serialize(JSON.parse(text) as object)).toBe(text)
  })

  it('refuse what is no snapshot, typed', () => {
    for (const input of [
      null,
      undefined,
      1,
      true,
      1n,
      Symbol('s'),
      [],
      [text],
      () => text,
      new Uint16Array(4),
      new DataView(new ArrayBuffer(4)),
    ]) {
      expect(
        codeOf(() => deserialize(input as never)),
        String(input),
      ).toBe('SNAPSHOT_ARGUMENT')
      if (typeof input !== 'string')
        expect(
          codeOf(() => serialize(input as never)),
          String(input),
        ).toBe('SNAPSHOT_ARGUMENT')
    }
    const circular: Record<string, unknown> = {}
    circular['self'] = circular
    expect(codeOf(() => deserialize(circular))).toBe('SNAPSHOT_ARGUMENT')
    expect(
      codeOf(() =>
        deserialize({
          toJSON: () => {
            throw new Error('no')
          },
        }),
      ),
    ).toBe('SNAPSHOT_ARGUMENT')
    expect(codeOf(() => deserialize({}))).toBe('SNAPSHOT_WRONG_FORMAT')
  })

  it('refuse options nobody reads', () => {
    expect(codeOf(() => deserialize(text, { trusted: true } as never))).toBe('OPTION_UNKNOWN')
    expect(codeOf(() => deserialize(text, { limits: { maxByte: 1 } as never }))).toBe('OPTION_UNKNOWN')
    expect(codeOf(() => deserialize(text, { limits: { maxBytes: -1 } }))).toBe('ARGUMENT_INVALID')
    expect(codeOf(() => serialize(deserialize(text), { indent: 4 } as never))).toBe('OPTION_UNKNOWN')
  })

  it('hold the size before anything is written', () => {
    const snapshot = takeSnapshot(sampleState(), AT)
    expect(codeOf(() => serialize(snapshot, { maxBytes: 100 }))).toBe('LIMIT_SNAPSHOT_BYTES')
    expect(serialize(snapshot, { maxBytes: new TextEncoder().encode(compact).length, pretty: false })).toBe(compact)
    expect(
      codeOf(() => serialize(snapshot, { maxBytes: new TextEncoder().encode(compact).length - 1, pretty: false })),
    ).toBe('LIMIT_SNAPSHOT_BYTES')
  })

  it('verify what was written', () => {
    expect(serialize(takeSnapshot(sampleState(), AT), { verify: true })).toBe(text)
    expect(serialize(takeSnapshot(sampleState(), AT), { verify: true, compress: 'gzip' })).toBeInstanceOf(Uint8Array)
  })

  it('write a value that equals an earlier result once', () => {
    expect(compact.split('a long result, passed through').length - 1).toBe(12)
    expect(compact).toContain('"branch":{"#type":"slot","id":"10"}'.replace('"branch":', ''))
    const snapshot = deserialize(compact)
    expect(snapshot.result('branch')).toEqual(snapshot.result('10'))
  })

  it('tell long values apart that are alike in length, beginning, middle and end', () => {
    const state = sampleState()
    const long = (differs: string) => `${'a'.repeat(3_000)}${differs}${'a'.repeat(9_000)}`
    const values = { '10': long('b'), '2': long('c'), branch: long('b') }
    state.nodes[0]!.output = codec.encode(values['10'])
    state.nodes[1]!.output = codec.encode(values['2'])
    state.nodes[3]!.output = codec.encode(values.branch)
    state.variables['same'] = codec.encode(long('c'))
    state.variables['other'] = codec.encode(long('d'))
    const text = serialize(takeSnapshot(state, AT), { pretty: false })
    const snapshot = deserialize(text)
    expect(snapshot.results).toMatchObject(values)
    expect(snapshot.variables).toMatchObject({ same: long('c'), other: long('d') })
    // One each of b, c and d; the others refer to them.
    expect(text.length).toBeLessThan(4 * 12_000)
  })

  it('keep the marker of a dropped result for inspection', () => {
    const state = sampleState()
    state.nodes[0]!.output = truncatedMarker(5000, 100)
    const snapshot = deserialize(serialize(takeSnapshot(state, AT)))
    expect(snapshot.result('10')).toEqual({ truncated: true, sizeBytes: 5000, maxBytes: 100 })
    expect(snapshot.copyOfState().state.nodes[0]!.output).toEqual(truncatedMarker(5000, 100))
  })

  it('keep the reference of a result that is kept outside, as a result alone', () => {
    const reference = { digest: `sha256:${'a'.repeat(64)}`, sizeBytes: 5000 }
    const state = sampleState()
    state.nodes[0]!.output = blobMarker(reference)
    const snapshot = deserialize(serialize(takeSnapshot(state, AT)))
    expect(snapshot.result('10')).toEqual({ keptOutside: true, ...reference })
    expect(snapshot.copyOfState().state.nodes[0]!.output).toEqual(blobMarker(reference))
    state.variables['user'] = blobMarker(reference)
    expect(codeOf(() => deserialize(serialize(takeSnapshot(state, AT))))).toBe('VALUE_UNKNOWN_TAG')
  })

  it("are not fooled by a user's object that looks like a reference or a marker", () => {
    const state = sampleState()
    const looks = [
      { '#type': 'slot', id: '2' },
      { '#type': 'blob', digest: `sha256:${'a'.repeat(64)}`, sizeBytes: 5 },
      { '#type': 'truncated', sizeBytes: 1, maxBytes: 1 },
    ]
    const { encode, decode } = { encode: codec.encode, decode: codec.decode }
    looks.forEach((look, index) => {
      state.nodes[index]!.output = encode(look)
    })
    const snapshot = deserialize(serialize(takeSnapshot(state, AT)))
    expect(snapshot.result('10')).toEqual(looks[0])
    expect(snapshot.result('2')).toEqual(looks[1])
    expect(snapshot.result('__proto__')).toEqual(looks[2])
    expect(decode(encode(looks[0]))).toEqual(looks[0])
  })
})

describe('a workflow with a member __proto__', () => {
  const given = `{"id":"w","version":"1.0.0","__proto__":{"x":1},"#type":"mine","##type":2,
    "nodes":[{"id":"10","type":"t","__proto__":{"y":[{"__proto__":3}]}},{"id":"9","type":"t"}],
    "edges":[{"source":"10","target":"9","__proto__":null}]}`
  const definition = parseDefinition(JSON.parse(given))
  const state = pendingState({ runId: 'r', workflow: definition, fingerprint: 'f' })
  Object.assign(state, { status: 'running', seq: 2, startedAt: AT, lastAt: AT, completed: ['10'] })
  Object.assign(state.nodes[0]!, { status: 'completed', attempt: 1, startedAt: AT, endedAt: AT, output: 1 })
  Object.assign(state.nodes[1]!, { status: 'running', attempt: 1, startedAt: AT })
  state.usage['nodeExecutions'] = 2

  it('is written and read back whole, with its fingerprint', () => {
    const text = serialize(takeSnapshot(state, AT))
    expect(text).not.toMatch(/"__proto__":/)
    const snapshot = deserialize(text)
    expect(compareByJson(snapshot.workflow)).toBe(compareByJson(definition))
    expect(snapshot.copyOfState().state.fingerprint).toBe('f')
    expect(serialize(takeSnapshot(snapshot.copyOfState().state, AT))).toBe(text)
  })

  it('is put back in order after it went through an object', () => {
    const text = serialize(takeSnapshot(state, AT), { pretty: false })
    expect(JSON.stringify(JSON.parse(text))).not.toBe(text)
    expect(serialize(deserialize(JSON.parse(text) as object), { pretty: false })).toBe(text)
  })

  it.each([
    ['no nodes', /\["nodes",\[.*?\]\],\["edges"/, '["edges"', '/workflow/nodes'],
    ['a node that is null', '["nodes",[', '["nodes",[null,', '/workflow/nodes'],
    ['edges that are no array', /\["edges",\[.*?\}\]\]/, '["edges",{}]', '/workflow/edges'],
    ['a fingerprint that is a number', '["fingerprint","f"]', '["fingerprint",1]', '/workflow/fingerprint'],
  ])('with %s is refused with the place', (_, from, to, path) => {
    const text = serialize(takeSnapshot(state, AT), { pretty: false }).replace(from, to)
    const forged = sealed(JSON.parse(text) as object)
    expect(() => deserialize(forged)).toThrow(
      expect.objectContaining({ code: 'SNAPSHOT_SCHEMA', details: expect.objectContaining({ path }) }),
    )
  })
})

/** Text of a tree with sorted members, own `__proto__` included. */
function compareByJson(tree: unknown): string {
  return JSON.stringify(tree, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
      : value,
  )
}

describe('Snapshot', () => {
  it('shows the run in values of its own', () => {
    const snapshot = deserialize(serialize(takeSnapshot(sampleState(), AT)))
    expect(snapshot.run).toMatchObject({
      id: 'run-1',
      status: 'running',
      activeMs: 7000,
      head: { seq: 60, digest: null },
      parent: { kind: 'fork' },
    })
    expect(snapshot.snapshotTime).toBe('2026-01-02T03:04:05.678Z')
    expect(snapshot.completedNodes).toEqual(['2', '10', '__proto__', 'branch'])
    expect(Object.keys(snapshot.results)).toContain('__proto__')
    expect(Object.hasOwn(snapshot.results, '2')).toBe(true)
    expect(snapshot.results['2']).toBeUndefined()
    expect(snapshot.variables['#type']).toBe('named like a tag')
    expect(snapshot.variables['\ud800']).toBe(null)
    expect(snapshot.counters['constructor']).toBe(-0)
    expect(snapshot.accumulators).toMatchObject({ total: -0, words: 'ab', least: null })
    expect(Object.keys(snapshot.cache)).toEqual(['forever', 'price'])
    expect(snapshot.cache['price']).toEqual({
      value: { eur: 4 },
      expiresAt: '2026-01-02T03:05:05.678Z',
      remainingTtlMs: 60_000,
    })
    expect(snapshot.context.variables['user']).toBe('ada')
    expect(snapshot.timers).toEqual([
      { nodeId: 'yes', kind: 'retry', dueAt: '2026-01-02T03:04:06.628Z', remainingMs: 950 },
      { nodeId: 'nap', kind: 'wait', dueAt: '2026-01-02T03:05:05.598Z', remainingMs: 59_920 },
      { nodeId: 'each', kind: 'item', item: 3, dueAt: '2026-01-02T03:04:05.708Z', remainingMs: 30 },
    ])
    expect(snapshot.workflow.nodes[0]).toMatchObject({
      position: { x: 1, y: 2 },
      data: { nested: { '#type': 'not a tag' } },
    })
    expect(snapshot.config.concurrency).toBe(2)
    expect(snapshot.nodes['yes']?.error?.cause?.message).toBe('inner')
    expect(snapshot.nodes['nap']?.wait).toMatchObject({ kind: 'timer', durationMs: 60_000 })
    expect(snapshot.signals.map(({ name, at, payload }) => ({ name, at, payload }))).toEqual([
      { name: 'order', at: '2026-01-02T03:04:05.378Z', payload: { by: 'ada' } },
      { name: 'approve', at: '2026-01-02T03:04:05.658Z', payload: true },
    ])
    expect(Object.keys(snapshot.parts)).toEqual(['7', 'each', 'draft'])
    expect(snapshot.parts['draft']).toMatchObject({ visits: 2, previous: { ok: false }, items: null })
    expect(snapshot.parts['7']).toMatchObject({ steps: { '10': undefined }, checkpoint: [new Date(1)] })
    expect(snapshot.parts['each']?.items?.map(({ key, status, result }) => [key, status, result]).slice(1, 5)).toEqual([
      ['2', 'completed', { a: 1n }],
      ['a', 'running', undefined],
      ['#type', 'retrying', undefined],
      ['__proto__', 'failed', undefined],
    ])
    expect(snapshot.parts['each']?.items?.[2]).toMatchObject({ steps: {}, checkpoint: { page: 2 } })
    expect(snapshot.parts['each']?.items?.[3]?.dueAt).toBe('2026-01-02T03:04:05.708Z')
  })

  it('changes neither with the run it was taken of nor with what was read from it', () => {
    const state = sampleState()
    const snapshot = takeSnapshot(state, AT)
    const other = takeSnapshot(state, AT)
    const before = serialize(other)
    state.nodes[0]!.status = 'failed'
    state.completed.push('x')
    state.variables['new'] = 1
    state.accumulators['rows']!.items.push(1)
    state.accumulators['words']!.value = 'changed'
    delete state.cache['price']
    state.signals.length = 0
    state.signalKeys['new'] = 1
    for (const { parts } of state.nodes) {
      if (parts === null) continue
      parts.steps['new'] = 1
      parts.visits += 1
      for (const item of parts.items?.list ?? []) {
        item.attempt += 1
        if (item.progress !== null) {
          item.progress.steps['new'] = 1
          item.progress.checkpoint = 1
        }
      }
      parts.items?.list.pop()
    }
    Object.assign(snapshot.nodes['nap']!.wait!, { durationMs: 1 })
    Object.assign(snapshot.signals[0]!.fits!, ['other'])
    Object.assign(snapshot.parts['each']!.items![4]!.error!, { message: 'changed' })
    const results = snapshot.results as Record<string, { text: string }>
    results['10']!.text = 'changed'
    ;(snapshot.document as { variables: Record<string, unknown> }).variables['user'] = 1
    snapshot.copyOfState().state.completed.length = 0
    expect(serialize(snapshot)).toBe(before)
    expect(() => Object.assign(snapshot, { version: '9' })).toThrow(TypeError)
  })
})

describe('restoreState', () => {
  const text = serialize(takeSnapshot(sampleState(), AT))

  it('keeps entries until their expiry, and not a millisecond more', () => {
    const at = (now: number) => restoreState(deserialize(text), { now, cache: 'wallClock' })
    expect(Object.keys(at(AT + 59_999).cache).sort()).toEqual(['forever', 'price'])
    expect(Object.keys(at(AT + 60_000).cache)).toEqual(['forever'])
  })

  it('keeps the time entries had left when asked to, and never those that were dead', () => {
    const state = restoreState(takeSnapshot(sampleState(), AT), { now: AT + 1e9, cache: 'frozen' })
    expect(state.cache['price']?.expiresAt).toBe(AT + 1e9 + 60_000)
    expect(state.cache['dead']).toBeUndefined()
  })

  it('gives the state that was saved, with its active time so far', () => {
    const restored = restoreState(deserialize(text), { now: AT, cache: 'wallClock' })
    const { activeMs, activeSince, stateBytes, cache, ...rest } = restored
    const { activeMs: _, activeSince: __, stateBytes: ___, cache: ____, ...expected } = sampleState()
    expect(rest).toEqual(expected)
    expect({ activeMs, activeSince }).toEqual({ activeMs: 7000, activeSince: null })
    expect(stateBytes).toBe(stateBytesOf(restored))
    expect(Object.keys(cache).length).toBe(2)
    expect(Object.getPrototypeOf(restored.variables)).toBe(null)
  })
})

function codeOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    return isWaystoneError(error) ? error.code : `untyped: ${String(error)}`
  }
  return 'none'
}
