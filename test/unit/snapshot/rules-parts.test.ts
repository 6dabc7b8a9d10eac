import { describe, expect, it } from 'vitest'
import { isWaystoneError } from '../../../src/base/errors.ts'
import { dictionary } from '../../../src/base/json.ts'
import { defaultCodec } from '../../../src/base/values/codec.ts'
import { type ItemState, noParts, untouchedItem } from '../../../src/run/parts.ts'
import { pendingState } from '../../../src/run/run.ts'
import type { NodeState, RunState } from '../../../src/run/state.ts'
import { deserialize } from '../../../src/snapshot/deserialize.ts'
import { takeSnapshot } from '../../../src/snapshot/snapshot.ts'
import { parseDefinition } from '../../../src/workflow/parse.ts'
import { sealed } from '../../helpers/seal.ts'
import { AT } from './sample.ts'

// biome-ignore lint/suspicious/noExplicitAny: a document that is about to be broken has no type
type Tree = Record<string, any>

/** A run in which a node waits for a time, one for a signal, one for its items, and one is between two visits. */
function state(): RunState {
  const workflow = parseDefinition({
    id: 'w',
    version: '1.0.0',
    nodes: [
      { id: 'done', type: 't' },
      { id: 'nap', type: 't' },
      { id: 'ask', type: 't' },
      { id: 'each', type: 't', map: { key: '/id' } },
      { id: 'draft', type: 't', repeat: { until: { operator: 'truthy' }, maximumVisits: 9 } },
      { id: 'idle', type: 't' },
    ],
    edges: [],
  })
  const made = pendingState({ runId: 'r', workflow, fingerprint: 'f'.repeat(64) })
  const error = { name: 'Error', message: 'no' }
  const items: Partial<ItemState>[] = [
    { status: 'completed', attempt: 1, output: 10 },
    { status: 'completed', attempt: 2, failures: 1, error, output: null },
    { status: 'retrying', attempt: 1, failures: 1, error, dueAt: AT + 500 },
    { status: 'failed', attempt: 1, failures: 1, error },
    { status: 'running', attempt: 1, progress: { steps: dictionary(), checkpoint: 1 } },
    {},
    {},
  ]
  const begun = { status: 'waiting', attempt: 1, startedAt: AT - 9 } as const
  const nodes: Partial<NodeState>[] = [
    { status: 'completed', attempt: 1, startedAt: AT - 9, endedAt: AT - 8, output: 1 },
    { ...begun, dueAt: AT + 100, wait: { kind: 'timer', id: 'w3', durationMs: 200, onLoad: 'restart' } },
    {
      ...begun,
      wait: {
        kind: 'signal',
        id: 'w4',
        name: 's',
        durationMs: null,
        onLoad: 'deadline',
        onTimeout: 'fail',
        take: 'first',
      },
    },
    {
      ...begun,
      parts: {
        ...noParts(),
        items: {
          keys: ['a', 'b', 'c', 'd', 'e', 'f', 'g'],
          list: items.map((item) => ({ ...untouchedItem(), ...item })),
        },
      },
    },
    {
      attempt: 2,
      startedAt: AT - 9,
      endedAt: AT - 8,
      parts: { ...noParts(), visits: 2, previous: defaultCodec.encode([2]) },
    },
    {},
  ]
  made.nodes.forEach((node, index) => {
    Object.assign(node, nodes[index])
  })
  made.nodes[4]!.parts!.steps['s'] = 1
  made.signals.push({ seq: 20, at: AT - 5, name: 'other', payload: 1 })
  made.signalKeys['k'] = 20
  Object.assign(made, { status: 'running', seq: 30, startedAt: AT, lastAt: AT, completed: ['done'] })
  made.usage['nodeExecutions'] = 12
  return made
}

const TIMER = { dueAt: '2026-01-02T03:04:05.778Z', remainingMs: 100 }
const states = (tree: Tree): Tree => tree['parts'].each.items.states

/** Each a way in which members contradict each other, and what is said of it. */
const contradictory: readonly (readonly [name: string, change: (tree: Tree) => void, found: readonly string[]])[] = [
  [
    'waiting-for-nothing',
    ({ nodes, timers }) => {
      delete nodes.nap.wait
      delete nodes.nap.dueAt
      delete nodes.nap.remainingMs
      timers.shift()
    },
    ['/nodes/nap a waiting node has a wait, items that are not through, or is a run'],
  ],
  [
    'wait-of-a-running-node',
    ({ nodes }) => {
      nodes.ask.status = 'running'
    },
    ['/nodes/ask/wait a waiting node has a wait, and this one is running'],
  ],
  [
    'wait-without-an-instant',
    ({ nodes, timers }) => {
      delete nodes.nap.dueAt
      delete nodes.nap.remainingMs
      timers.shift()
    },
    ['/nodes/nap/dueAt a wait that has a duration is due at some time, and no other is'],
  ],
  [
    'endless-wait-with-an-instant',
    ({ nodes, timers }) => {
      Object.assign(nodes.ask, TIMER)
      timers.splice(1, 0, { nodeId: 'ask', kind: 'wait', ...TIMER })
    },
    ['/nodes/ask/dueAt a wait that has a duration is due at some time, and no other is'],
  ],
  [
    'wait-from-the-future',
    ({ nodes }) => {
      nodes.nap.wait.id = 'w31'
    },
    ['/nodes/nap/wait/id the run has no fact 31 that could have begun the wait'],
  ],
  [
    'wait-id-twice',
    ({ nodes }) => {
      nodes.ask.wait.id = 'w3'
    },
    ['/nodes/ask/wait/id two nodes have the wait "w3"'],
  ],
  [
    'waiting-without-a-start',
    ({ nodes }) => {
      Object.assign(nodes.ask, { attempt: 0, startedAt: null })
    },
    ['/nodes/ask/attempt a waiting node has been started'],
  ],
  [
    'map-node-with-an-instant',
    ({ nodes }) => Object.assign(nodes.each, TIMER),
    ['/nodes/each/dueAt a node that waits for its items is due at no time'],
  ],
  [
    'completed-run-with-waiting-node',
    ({ run }) => Object.assign(run, { status: 'completed', endedAt: run.startedAt }),
    ['nap', 'ask', 'each'].map((id) => `/nodes/${id}/status the run is completed, but the node is waiting`),
  ],
  ['timer-of-a-wait-missing', ({ timers }) => timers.shift(), ['/nodes/nap it waits for a time, but has no timer']],
  [
    'timer-of-an-item-missing',
    ({ timers }) => timers.pop(),
    ['/parts/each/items/states/2 it waits for a retry, but has no timer'],
  ],
  ['timer-twice', ({ timers }) => timers.push(timers[1]), ['/timers/2 item 2 of the node "each" has two timers']],
  [
    'timer-of-an-endless-wait',
    ({ timers }) => timers.push({ nodeId: 'ask', kind: 'wait', ...TIMER }),
    ['/timers/2 the node "ask" is in no wait that ends at some time'],
  ],
  [
    'timer-of-an-item-that-runs',
    ({ timers }) => timers.push({ nodeId: 'each', kind: 'item', item: 4, ...TIMER }),
    ['/timers/2 item 4 of the node "each" waits for no retry'],
  ],
  [
    'timer-of-another-kind',
    ({ timers }) => {
      timers[0].kind = 'retry'
    },
    ['/timers/0 the node "nap" waits for no retry', '/nodes/nap it waits for a time, but has no timer'],
  ],
  [
    'timer-without-its-item',
    ({ timers }) => {
      delete timers[1].item
    },
    [
      '/timers/1 a timer of an item names its place, and no other does',
      '/parts/each/items/states/2 it waits for a retry, but has no timer',
    ],
  ],
  [
    'timer-of-an-item-at-another-time',
    (tree) => {
      Object.assign(states(tree)['2'], TIMER)
    },
    ['/timers/1/dueAt the timer is due at 2026-01-02T03:04:06.178Z, its item at 2026-01-02T03:04:05.778Z'],
  ],
  [
    'signal-key-from-the-future',
    ({ signalKeys }) => {
      signalKeys.k = 31
    },
    ['/signalKeys/k the run has no fact 31'],
  ],
  [
    'operator-mark',
    ({ nodes }) => {
      nodes.done.operator = 'left'
    },
    ['/nodes/done/operator a node that was left is failed, and this one is completed'],
  ],
  [
    'parts-of-no-node',
    ({ parts }) => {
      parts.x = { steps: { a: 1 } }
    },
    ['/parts/x the workflow has no node "x"'],
  ],
  [
    'parts-of-a-completed-node',
    ({ parts }) => {
      parts.done = { checkpoint: 1 }
    },
    ['/parts/done the node has completed: what it did on the way to its result is no longer kept'],
  ],
  [
    'parts-of-a-node-never-started',
    ({ parts }) => {
      parts.idle = { checkpoint: 1 }
    },
    ['/parts/idle the node has done something, but was never started'],
  ],
  [
    'visits-without-what-they-gave',
    ({ parts }) => {
      delete parts.draft.previous
    },
    ['/parts/draft/previous what the latest visit gave stands beside the number of visits'],
  ],
  [
    'more-visits-than-attempts',
    ({ parts }) => {
      parts.draft.visits = 3
    },
    ['/parts/draft/visits 3 visits have ended, but the node was started 2 times'],
  ],
  [
    'items-of-a-node-that-maps-not',
    ({ parts, nodes }) => {
      nodes.draft.status = 'waiting'
      parts.draft.items = { count: 0, results: [], states: {} }
    },
    [
      '/nodes/draft the node waits for its items, but the workflow does not say that it maps',
      '/parts/draft/items the node has items, but the workflow does not say that it maps',
    ],
  ],
  [
    'fewer-keys-than-items',
    ({ parts }) => parts.each.items.keys.pop(),
    ['/parts/each/items/keys there are 7 items, but 6 keys'],
  ],
  [
    'item-key-twice',
    ({ parts }) => {
      parts.each.items.keys[6] = 'a'
    },
    ['/parts/each/items/keys a key stands twice'],
  ],
  [
    'item-at-no-place',
    (tree) => {
      states(tree)['7'] = { status: 'interrupted', attempt: 1, failures: 0 }
      states(tree)['01'] = { status: 'interrupted', attempt: 1, failures: 0 }
    },
    ['7', '01'].map((place) => `/parts/each/items/states/${place} there are 7 items, and none at this place`),
  ],
  [
    'too-few-item-results',
    ({ parts }) => parts.each.items.results.pop(),
    ['/parts/each/items/results there are 1 results, but by the states of the items there have to be 2 to 4'],
  ],
  [
    'too-many-item-results',
    ({ parts }) => parts.each.items.results.push(1, 2, 3),
    [
      '/parts/each/items/results there are 5 results, but by the states of the items there have to be 2 to 4',
      '/usage/nodeExecutions the nodes were started 15 times together, but 12 executions are counted',
    ],
  ],
  [
    'failed-item-without-error',
    (tree) => {
      delete states(tree)['3'].error
    },
    ['/parts/each/items/states/3/error a failed item has an error'],
  ],
  [
    'running-item-never-started',
    (tree) => {
      states(tree)['4'].attempt = 0
    },
    ['/parts/each/items/states/4/attempt an item that is running has been started'],
  ],
  [
    'more-failures-of-an-item-than-attempts',
    (tree) => {
      states(tree)['3'].failures = 2
    },
    ['/parts/each/items/states/3/failures 2 attempts failed, but the item was started 1 times'],
  ],
  [
    'retrying-item-without-instant',
    (tree) => {
      delete states(tree)['2'].dueAt
    },
    [
      '/parts/each/items/states/2/dueAt a retrying item is due at some time, and no other is',
      '/parts/each/items/states/2 dueAt and remainingMs stand together',
    ],
  ],
  [
    'completed-item-with-a-checkpoint',
    (tree) => {
      states(tree)['1'].checkpoint = 1
    },
    ['/parts/each/items/states/1 the item has completed: what it did on the way to its result is no longer kept'],
  ],
  [
    'executions-of-items-too-few',
    ({ usage }) => {
      usage.nodeExecutions = 11
    },
    ['/usage/nodeExecutions the nodes were started 12 times together, but 11 executions are counted'],
  ],
  [
    'step-twice',
    ({ parts }) => {
      parts.draft.steps = {
        '#type': 'Object',
        entries: [
          ['s', 1],
          ['s', 2],
        ],
      }
    },
    ['/parts/draft/steps the name "s" stands twice'],
  ],
  [
    'item-result-refers-to-nowhere',
    ({ parts }) => {
      parts.each.items.results[0] = { '#type': 'slot', id: 'idle' }
    },
    ['/parts/each/items/results/0 it refers to the result of "idle", which does not stand before it'],
  ],
]

describe('what waits, and what was done on the way to a result', () => {
  const document = () => takeSnapshot(state(), AT).toJSON() as unknown as Tree

  it('is read as it was written', () => {
    expect(deserialize(sealed(document())).copyOfState().state.nodes).toEqual(state().nodes)
  })

  it.each(contradictory)('is refused with %s', (_, change, found) => {
    const tree = document()
    change(tree)
    try {
      deserialize(sealed(tree))
    } catch (error) {
      if (!isWaystoneError(error, 'SNAPSHOT_INCONSISTENT')) throw error
      const problems = error.details['problems'] as { path: string; message: string }[]
      expect(problems.map(({ path, message }) => `${path} ${message}`)).toEqual(found)
      return
    }
    throw new Error('nothing was refused')
  })

  it('may be kept of a node that was canceled while it waited, and of one that waits in the place of a map node', () => {
    const made = state()
    made.status = 'canceled'
    made.endedAt = AT
    for (const node of made.nodes) if (node.status === 'waiting') node.status = 'canceled'
    const text = takeSnapshot(made, AT).compactText()
    expect(deserialize(text).copyOfState().state.nodes).toEqual(made.nodes)

    const other = state()
    other.nodes[3]!.wait = { kind: 'timer', id: 'w9', durationMs: 5, onLoad: 'deadline' }
    other.nodes[3]!.dueAt = AT + 5
    const snapshot = deserialize(takeSnapshot(other, AT).compactText())
    expect(snapshot.timers.map(({ nodeId, kind }) => `${nodeId} ${kind}`)).toEqual(['nap wait', 'each wait'])
  })

  it('may have given what was dropped or is kept outside, at its latest visit alone', () => {
    for (const json of [
      '{"#type":"truncated","sizeBytes":9,"maxBytes":1}',
      `{"#type":"blob","digest":"sha256:${'a'.repeat(64)}","sizeBytes":9}`,
    ]) {
      const made = state()
      made.nodes[4]!.parts!.previous = { json }
      const { previous } = deserialize(takeSnapshot(made, AT).compactText()).parts['draft']!
      expect(previous).toMatchObject({ sizeBytes: 9 })
      const wrong = state()
      wrong.nodes[4]!.parts!.checkpoint = { json }
      expect(() => deserialize(takeSnapshot(wrong, AT).compactText())).toThrow(
        expect.objectContaining({ code: 'VALUE_UNKNOWN_TAG' }),
      )
    }
  })

  it('counts as values, items that have none yet too', () => {
    const made = state()
    const text = takeSnapshot(made, AT).compactText()
    // The input, a result, a step, what a visit gave, seven items, the checkpoint of one, a signal.
    expect(deserialize(text, { limits: { maxSlots: 13 } }).parts['each']?.items).toHaveLength(7)
    expect(() => deserialize(text, { limits: { maxSlots: 12 } })).toThrow(
      expect.objectContaining({ code: 'SNAPSHOT_LIMIT', details: { limit: 'maxSlots', max: 12, actual: 13 } }),
    )
    const many = document()
    many['parts'].each.items = { count: 1e15, results: [], states: {} }
    many['timers'].pop()
    expect(() => deserialize(sealed(many))).toThrow(expect.objectContaining({ code: 'SNAPSHOT_LIMIT' }))
  })
})
