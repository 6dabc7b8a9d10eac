import type { Encoded } from '../../../src/base/encoded.ts'
import { type Dictionary, dictionary } from '../../../src/base/json.ts'
import { defaultCodec } from '../../../src/base/values/codec.ts'
import { DEFAULT_CONFIG } from '../../../src/run/config.ts'
import { type ItemState, noParts, untouchedItem } from '../../../src/run/parts.ts'
import { pendingState } from '../../../src/run/run.ts'
import type { NodeState, RunState } from '../../../src/run/state.ts'
import { parseDefinition } from '../../../src/workflow/parse.ts'

/** When the sample run was looked at: 2026-01-02T03:04:05.678Z. */
export const AT = Date.UTC(2026, 0, 2, 3, 4, 5, 678)

/** A state in which every member of a document has something to say. */
export function sampleState(): RunState {
  const encode = (value: unknown) => defaultCodec.encode(value)
  const workflow = parseDefinition({
    id: 'report',
    version: '1.2.0',
    owner: { team: 'billing', __note: null },
    nodes: [
      {
        id: '10',
        type: 'load',
        data: { rows: [1, 2.5, 'x'], nested: { '#type': 'not a tag' } },
        position: { x: 1, y: 2 },
      },
      { id: '2', type: 'load', style: 'wide' },
      { id: '__proto__', type: 'join' },
      { id: 'branch', type: 'branch' },
      { id: 'yes', type: 'work', retry: { maximumAttempts: 3 } },
      { id: 'no', type: 'work', onError: 'continue' },
      { id: '', type: 'end' },
      { id: 'nap', type: 'sleep', data: { durationMs: 60_000, onLoad: 'remaining' } },
      { id: 'ask', type: 'waitForSignal', data: { name: 'approve' } },
      {
        id: 'each',
        type: 'work',
        retry: { maximumAttempts: 3 },
        map: { key: '/id', concurrency: 2, onItemError: 'settle' },
      },
      {
        id: 'draft',
        type: 'work',
        repeat: { until: { path: '/ok', operator: 'truthy' }, maximumVisits: 5, onLimit: 'complete' },
      },
      { id: '7', type: 'work' },
    ],
    edges: [
      { source: '10', target: '__proto__' },
      { source: '2', target: '__proto__' },
      { source: '__proto__', target: 'branch' },
      { id: 'e-yes', source: 'branch', target: 'yes', sourceHandle: 'true', label: 'Yes' },
      { id: '7', source: 'branch', target: 'no', sourceHandle: 'false' },
      { source: 'yes', target: '' },
      { source: '10', target: 'each' },
    ],
  })
  const state = pendingState({ runId: 'run-1', workflow, fingerprint: 'f'.repeat(64), input: encode({ month: 3 }) })
  const big = { text: 'a long result, passed through '.repeat(12) }
  const done = (output: unknown, attempt = 1): Partial<NodeState> => ({
    status: 'completed',
    attempt,
    startedAt: AT - 5000,
    endedAt: AT - 4000,
    output: encode(output),
  })
  const nodes: Partial<NodeState>[] = [
    done(big),
    done(undefined),
    done({ map: new Map([['k', new Date(0)]]), self: null, big: 12n }),
    done(big, 2),
    {
      status: 'retrying',
      attempt: 1,
      failures: 1,
      startedAt: AT - 100,
      endedAt: AT - 50,
      error: {
        name: 'TypeError',
        message: 'boom',
        code: 'E1',
        cause: { name: 'Error', message: 'inner', details: { path: '/a' } },
      },
      dueAt: AT + 950,
    },
    { status: 'skipped', skipReason: 'untaken', endedAt: AT - 90 },
    {},
    {
      status: 'waiting',
      attempt: 1,
      startedAt: AT - 80,
      dueAt: AT + 59_920,
      wait: { kind: 'timer', id: 'w20', durationMs: 60_000, onLoad: 'remaining' },
    },
    {
      status: 'waiting',
      attempt: 1,
      startedAt: AT - 80,
      wait: {
        kind: 'signal',
        id: 'w21',
        name: 'approve',
        durationMs: null,
        onLoad: 'deadline',
        onTimeout: 'route',
        take: 'all',
      },
    },
    {
      status: 'waiting',
      attempt: 1,
      startedAt: AT - 80,
      parts: {
        ...noParts(),
        items: {
          keys: ['10', '2', 'a', '#type', '__proto__', 'x\ud800', '', 'constructor', '9'],
          list: sampleItems(big),
        },
      },
    },
    {
      attempt: 2,
      startedAt: AT - 80,
      endedAt: AT - 70,
      parts: { ...noParts(), visits: 2, previous: encode({ ok: false, text: 'second' }) },
    },
    {
      status: 'running',
      attempt: 1,
      startedAt: AT - 60,
      parts: { ...noParts(), steps: sampleSteps(big), checkpoint: encode([new Date(1)]) },
    },
  ]
  state.nodes.forEach((node, index) => {
    Object.assign(node, nodes[index])
  })
  state.nodes[3]!.failures = 1
  state.nodes[3]!.error = { name: 'Error', message: 'first try', details: { __proto__: null } }
  Object.assign(state, {
    status: 'running',
    seq: 60,
    seed: 4_294_967_295,
    startedAt: AT - 6000,
    activeMs: 1000,
    activeSince: AT - 6000,
    lastAt: AT - 50,
    parent: { runId: 'run-0', seq: 3, kind: 'fork' },
    completed: ['2', '10', '__proto__', 'branch'],
    config: { ...DEFAULT_CONFIG, concurrency: 2, limits: { ...DEFAULT_CONFIG.limits, maxUsage: { http: 100 } } },
  })
  Object.assign(state.decisions, { '7': false, 'e-yes': true })
  state.variables['10'] = encode('ten')
  state.variables['9'] = encode([1, { 2: 'b', 1: 'a' }])
  // biome-ignore lint/suspicious/noProto: a dictionary has no prototype, so this is a name like any other
  state.variables['__proto__'] = encode(big)
  state.variables['#type'] = encode('named like a tag')
  state.variables['\ud800'] = encode(null)
  state.accumulators['total'] = { operation: 'sum', value: -0, items: [] }
  state.accumulators['words'] = { operation: 'concat', value: 'ab', items: [] }
  state.accumulators['rows'] = {
    operation: 'append',
    value: null,
    items: [encode(1), encode(new Set([1])), encode(big)],
  }
  state.accumulators['least'] = { operation: 'min', value: null, items: [] }
  state.counters['rows'] = 3.5
  state.counters['constructor'] = -0
  state.cache['price'] = { value: encode({ eur: 4 }), expiresAt: AT + 60_000 }
  state.cache['dead'] = { value: encode('gone'), expiresAt: AT }
  state.cache['forever'] = { value: encode(/x/g), expiresAt: null }
  state.contextVariables['user'] = encode('ada')
  state.contextConstants['toString'] = encode(1)
  state.signals.push(
    { seq: 9, at: AT - 300, name: 'order', payload: encode({ by: 'ada' }), fits: ['', 'nap'] },
    { seq: 25, at: AT - 20, name: 'approve', payload: encode(true), waitId: 'w21' },
  )
  Object.assign(state.signalKeys, { '10': 9, '9': 25, answered: 8 })
  state.tokens['0123456789abcdef'.repeat(4)] = { waitId: 'w20', expiresAt: AT + 60_000 }
  state.types['limiter'] = encode(new Map([['window', 3]]))
  state.tokens['f'.repeat(64)] = { waitId: 'w20', expiresAt: null }
  state.usage = Object.assign(dictionary<number>(), { nodeExecutions: 22, http: 2 })
  return state
}

/** Results of steps, whose names a reader of objects would put in another order. */
function sampleSteps(big: unknown, more = 'more'): Dictionary<Encoded> {
  const steps = dictionary<Encoded>()
  for (const name of ['9', '10', more]) steps[name] = defaultCodec.encode(name === '9' ? big : undefined)
  return steps
}

/** Items in every state they can have; nine of them, nine attempts. */
function sampleItems(big: unknown): ItemState[] {
  const error = { name: 'Error', message: 'no' }
  const items: Partial<ItemState>[] = [
    { status: 'completed', attempt: 1, output: defaultCodec.encode(big) },
    { status: 'completed', attempt: 2, failures: 1, error, output: defaultCodec.encode({ a: 1n }) },
    {
      status: 'running',
      attempt: 1,
      progress: { steps: sampleSteps(big, '__proto__'), checkpoint: defaultCodec.encode({ page: 2 }) },
    },
    { status: 'retrying', attempt: 2, failures: 2, error, dueAt: AT + 30 },
    { status: 'failed', attempt: 1, failures: 1, error: { ...error, code: 'E2', details: { at: '/x' } } },
    {},
    { status: 'completed', attempt: 1, output: null },
    { status: 'interrupted', attempt: 1 },
    {},
  ]
  return items.map((item) => ({ ...untouchedItem(), ...item }))
}
