import { describe, expect, it } from 'vitest'
import { pendingState } from '../../../src/run/run.ts'
import { deserialize, deserializeFor } from '../../../src/snapshot/deserialize.ts'
import { serialize } from '../../../src/snapshot/serialize.ts'
import { takeSnapshot } from '../../../src/snapshot/snapshot.ts'
import type { WorkflowDefinition } from '../../../src/workflow/definition.ts'
import { parseDefinition } from '../../../src/workflow/parse.ts'
import { sealed } from '../../helpers/seal.ts'
import { AT, sampleState } from './sample.ts'

const compactOf = (workflow: WorkflowDefinition) =>
  serialize(takeSnapshot(pendingState({ runId: 'r', workflow, fingerprint: 'f'.repeat(64) }), AT), { pretty: false })

const small = (id: string, data: unknown = { a: [1] }) =>
  parseDefinition({ id, version: '1.0.0', nodes: [{ id: 'a', type: 't', data }], edges: [] })

/** A document with a piece of it put in place of another, and the digest it then has. */
const changed = (text: string, from: string, to: string) => {
  expect(text).toContain(from)
  return sealed(JSON.parse(text.replace(from, to)))
}

describe('a document of a workflow that was checked before', () => {
  it('has the very definition that is given with it, compact or pretty, and all else as without it', () => {
    const state = sampleState()
    for (const pretty of [true, false]) {
      const text = serialize(takeSnapshot(state, AT), { pretty })
      const known = deserializeFor(state.workflow, text, {})
      // Lower limits have every part looked at.
      const plain = deserializeFor(null, text, {
        limits: { maxDepth: 400, maxStringLength: 10_000, maxKeyLength: 1_000 },
      })
      expect(known.workflow).toBe(state.workflow)
      expect(plain.workflow).not.toBe(state.workflow)
      expect(known.copyOfState()).toEqual(plain.copyOfState())
      expect(known.compactText()).toBe(serialize(takeSnapshot(state, AT), { pretty: false }))
    }
  })

  it('has the definition of the document read before, if it is the same', () => {
    const text = compactOf(small('read twice'))
    const first = deserialize(text)
    expect(deserialize(text).workflow).toBe(first.workflow)
    const other = deserialize(changed(text, '"a":[1]', '"a":[2]'))
    expect(other.workflow).not.toBe(first.workflow)
    expect(other.workflow.nodes[0]!.data).toEqual({ a: [2] })
  })

  it('is checked as any other when its definition differs by one character', () => {
    const workflow = small('differs')
    const text = compactOf(workflow)
    for (const [from, to, code] of [
      ['"type":"t"', '"type":7', 'SNAPSHOT_SCHEMA'],
      ['"edges":[]', '"edges":[{"source":"a","target":"a"}]', 'WORKFLOW_SELF_EDGE'],
      ['"fingerprint":"f', '"fingerprint":7,"x":"f', 'SNAPSHOT_SCHEMA'],
    ] as const) {
      const text2 = changed(text, from, to)
      expect(() => deserializeFor(workflow, text2, {}), to).toThrow(expect.objectContaining({ code }))
    }
    const twice = text.replace('"edges":[]', '"edges":[],"edges":[]')
    expect(() => deserializeFor(workflow, twice, {})).toThrow(
      expect.objectContaining({ code: 'SNAPSHOT_DUPLICATE_KEY' }),
    )
  })

  it('is held to limits that are lower than those its definition was held to', () => {
    const workflow = small('deep', JSON.parse(`${'['.repeat(30)}${']'.repeat(30)}`))
    const text = compactOf(workflow)
    expect(deserializeFor(workflow, text, {}).workflow).toBe(workflow)
    expect(() => deserializeFor(workflow, text, { limits: { maxDepth: 10 } })).toThrow(
      expect.objectContaining({ code: 'SNAPSHOT_LIMIT' }),
    )
  })

  it('gets a definition of its own where the given one could be changed', () => {
    const workflow = structuredClone(small('loose'))
    expect(deserializeFor(workflow, compactOf(workflow), {}).workflow).not.toBe(workflow)
  })
})

describe('states of nodes that completed at their first attempt', () => {
  const state = () => {
    const workflow = parseDefinition({
      id: 'usual',
      version: '1.0.0',
      nodes: ['a', '#type', 'c'].map((id) => ({ id, type: 't' })),
      edges: [],
    })
    const made = pendingState({ runId: 'r', workflow, fingerprint: 'f'.repeat(64) })
    Object.assign(made, { status: 'running', seq: 9, startedAt: AT, lastAt: AT, usage: { nodeExecutions: 4 } })
    for (const index of [0, 1]) {
      const { id } = workflow.nodes[index]!
      Object.assign(made.nodes[index]!, {
        status: 'completed',
        attempt: 1,
        startedAt: AT,
        endedAt: AT + 1,
        output: index,
      })
      made.completed.push(id)
    }
    Object.assign(made.nodes[2]!, { status: 'running', attempt: 2, failures: 1, startedAt: AT })
    return made
  }
  const text = () => serialize(takeSnapshot(state(), AT + 5), { pretty: false })

  it('read as they were written, beside others', () => {
    const read = deserialize(text())
    expect(read.copyOfState().state.nodes).toEqual(state().nodes)
    expect(read.compactText()).toBe(text())
  })

  it.each([
    ['a day the calendar does not have', '"startedAt":"2026-01-02', '"startedAt":"2026-02-30', 'SNAPSHOT_INCONSISTENT'],
    ['a time that is none', '"endedAt":"2026', '"endedAt":"2o26', 'SNAPSHOT_SCHEMA'],
    ['a node the workflow does not have', '"nodes":{"a":', '"nodes":{"b":', 'SNAPSHOT_INCONSISTENT'],
    ['an attempt nobody counted', '"nodeExecutions":4', '"nodeExecutions":3', 'SNAPSHOT_INCONSISTENT'],
    ['no result', '"results":{"a":0,', '"results":{', 'SNAPSHOT_INCONSISTENT'],
  ])('are refused with %s', (_, from, to, code) => {
    expect(() => deserialize(changed(text(), from, to))).toThrow(expect.objectContaining({ code }))
  })

  it('are refused twice under one name, in any spelling', () => {
    for (const name of ['"a"', '"\\u0061"']) {
      const node = text().match(/"nodes":\{"a":(\{[^}]*\})/)![1]!
      expect(() => deserialize(text().replace('"nodes":{', `"nodes":{${name}:${node},`))).toThrow(
        expect.objectContaining({ code: 'SNAPSHOT_DUPLICATE_KEY' }),
      )
    }
  })

  it.each([
    ['x"\\', 50],
    ['x', 50],
    ['x', 40],
  ])(
    'are found under names in any order, with names left out, and twice wherever the second stands: %j, %i',
    (name, goesOnAt) => {
      const ids = Array.from({ length: 120 }, (_, index) => ['', name][index - 60] ?? `n${index}`)
      const workflow = parseDefinition({
        id: 'many',
        version: '1.0.0',
        nodes: ids.map((id) => ({ id, type: 't' })),
        edges: [],
      })
      const made = pendingState({ runId: 'r', workflow, fingerprint: 'f'.repeat(64) })
      Object.assign(made, { status: 'running', seq: 999, startedAt: AT, lastAt: AT, usage: { nodeExecutions: 999 } })
      ids.forEach((id, index) => {
        if (index % 7 === 3 || (index > 10 && index < goesOnAt)) return
        Object.assign(made.nodes[index]!, {
          status: 'completed',
          attempt: 1,
          startedAt: AT,
          endedAt: AT,
          output: index,
        })
        made.completed.push(id)
      })
      const written = serialize(takeSnapshot(made, AT), { pretty: false })
      expect(deserializeFor(workflow, written, {}).copyOfState().state.nodes).toEqual(made.nodes)
      const document = JSON.parse(written) as { results: object; nodes: object }
      for (const map of ['results', 'nodes'] as const) {
        const entries = Object.entries(document[map])
        for (const order of [entries, entries.toReversed(), [...entries.slice(40), ...entries.slice(0, 40)]]) {
          const shuffled = deserializeFor(workflow, sealed({ ...document, [map]: Object.fromEntries(order) }), {})
          expect(shuffled.copyOfState().state.nodes).toEqual(made.nodes)
          const texts = order.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
          for (const from of [0, 1, 30, texts.length - 1]) {
            for (const to of [0, 1, 30, texts.length]) {
              const twice = texts.toSpliced(to, 0, texts[from]!)
              const broken = written.replace(JSON.stringify(document[map]), `{${twice.join(',')}}`)
              expect(broken).not.toBe(written)
              expect(() => deserializeFor(workflow, broken, {}), `${map}: ${from} at ${to}`).toThrow(
                expect.objectContaining({ code: 'SNAPSHOT_DUPLICATE_KEY' }),
              )
            }
          }
        }
      }
    },
  )

  it('count against lower limits as others do', () => {
    for (const limits of [{ maxKeyLength: 8 }, { maxStringLength: 23 }, { maxMembers: 20 }])
      expect(() => deserialize(text(), { limits })).toThrow(expect.objectContaining({ code: 'SNAPSHOT_LIMIT' }))
  })
})
