import { describe, expect, it } from 'vitest'
import { blobMarker, truncatedMarker } from '../../../src/base/encoded.ts'
import { defaultCodec } from '../../../src/base/values/codec.ts'
import type { RunEvent } from '../../../src/run/event.ts'
import { eventText } from '../../../src/run/event-text.ts'
import { eventReader } from '../../../src/run/read-event.ts'
import type { RecordedEvent } from '../../../src/run/recorded-event.ts'
import { Core } from './core.ts'

const read = eventReader('r', defaultCodec.check)

function recorded(event: RunEvent, text = eventText(event)): RecordedEvent {
  const nodeId = 'nodeId' in event.data ? (event.data.nodeId ?? null) : null
  return { seq: event.seq, at: event.at, type: event.type, nodeId, text }
}

const completed = (output: string, more = ''): RecordedEvent => ({
  seq: 7,
  at: 1_700_000_000_000,
  type: 'node.completed',
  nodeId: 'a',
  text: `{"seq":7,"runId":"r","at":1700000000000,"type":"node.completed","data":{"nodeId":"a","attempt":1,"output":${output}${more}}}`,
})
const started = (attempt: string): RecordedEvent => ({
  ...completed('1'),
  type: 'node.started',
  text: `{"seq":7,"runId":"r","at":1700000000000,"type":"node.started","data":{"nodeId":"a","attempt":${attempt}}}`,
})
const damage = expect.objectContaining({ code: 'HISTORY_DAMAGED' })

describe('eventReader', () => {
  it('reads every event as the fact it was', () => {
    const names = ['__proto__', '', '10', 'a"b\\c\u2028', '\ud800']
    const core = new Core(names.map((id) => ({ id, retry: { maximumAttempts: 2, initialIntervalMs: 0 } })))
    const reader = eventReader(core.run.state.runId, defaultCodec.check)
    core.do({ type: 'run.start', seed: 1 })
    core.settle()
    core.do({ type: 'signal.receive', name: 's', payload: { json: '{"a":[1]}' } })
    core.complete('__proto__', { json: '{"#type":"undefined"}' })
    core.complete('', 'text with "writes": and "decisions": in it')
    core.complete('10', { json: '{"a":1}' }, { writes: [{ area: 'counter', op: 'add', key: 'k', value: 2 }] })
    core.fail('a"b\\c\u2028')
    core.do({ type: 'run.cancel', reason: 'no' })
    for (const event of core.events) expect(reader(recorded(event))).toEqual(event)
    expect(core.events.length).toBeGreaterThan(10)
  })

  it('reads facts of one time and of another, whatever their order', () => {
    for (const at of [1_700_000_000_000, 1_700_000_000_000, 5, 1.5, 1e21, 1_700_000_000_000]) {
      for (const type of ['node.started', 'node.completed'] as const) {
        const data = { nodeId: 'a', attempt: 12, ...(type === 'node.started' ? {} : { output: 1 }) }
        const event = { seq: 7, runId: 'r', at, type, data } as RunEvent
        expect(read(recorded(event))).toEqual(event)
        expect(() => read({ ...recorded(event), at: at * 2 })).toThrow(damage)
      }
    }
  })

  it.each([
    '0',
    '1',
    '999999999999999',
    '1234567890123456',
    '-1.5e+30',
    'null',
    'true',
    '"é\\n"',
    '[]',
    '{"b":1,"a":[2]}',
    '{"#type":"Date","value":"2026-01-02T00:00:00.000Z"}',
    truncatedMarker(2, 1).json,
    blobMarker({ digest: `sha256:${'0'.repeat(64)}`, sizeBytes: 2 }).json,
  ])('takes the output %s', (output) => {
    const event = read(completed(output)) as RunEvent & { readonly data: { readonly output: unknown } }
    const text = typeof event.data.output === 'object' ? null : JSON.stringify(event.data.output)
    expect(event.data.output === null ? 'null' : (text ?? (event.data.output as { json: string }).json)).toBe(output)
  })

  it.each([
    ['a number out of range', '1e999'],
    ['a negative zero', '-0'],
    ['a number with a zero before it', '007'],
    ['a number that is not exact', '12345678901234567'],
    ['another spelling of a number', '1.0'],
    ['a key that stands twice', '{"a":1,"a":2}'],
    ['white space', '[1, 2]'],
    ['another escape', '"\\u0061"'],
    ['an unknown tag', '{"#type":"Surprise"}'],
    ['a forged reference', '{"#type":"ref","path":"/nowhere"}'],
    ['the key __proto__', '{"__proto__":{"a":1}}'],
    ['half a value', '{"a":'],
    ['a marker that is none', '{"#type":"blob","digest":"sha256:../../x","sizeBytes":1}'],
    ['a second member', '1,"output":2'],
  ])('refuses %s', (_, output) => {
    expect(() => read(completed(output))).toThrow(damage)
    expect(() => read(completed(`[${output}]`))).toThrow(damage)
  })

  it.each(['01', '1e3', '9007199254740993', '', '1}'])('refuses the attempt %j', (attempt) => {
    expect(() => read(started(attempt))).toThrow(damage)
  })

  it.each([
    ['sequence', { seq: 8 }],
    ['time', { at: 5 }],
    ['node', { nodeId: 'b' }],
    ['no node', { nodeId: null }],
    ['type', { type: 'node.started' }],
  ])('refuses an event whose %s is not the one its store says', (_, other) => {
    expect(() => read({ ...completed('1'), ...other })).toThrow(damage)
    expect(() => eventReader('other', defaultCodec.check)(completed('1'))).toThrow(damage)
  })
})

describe('eventReader, with definitions at hand', () => {
  const core = new Core(['a', 'b'], ['a>b'])
  core.do({ type: 'run.start', seed: 1 })
  const first = core.events[0]!
  const { workflow } = core.run.state
  const other = { ...workflow, version: '9.0.0' }
  const stranger = { ...workflow, id: 'stranger' }

  it('gives the one the first fact holds, and the same fact otherwise', () => {
    const event = eventReader('r', defaultCodec.check, [stranger, other, workflow])(recorded(first))
    expect(event).toEqual(first)
    expect(event.data).toHaveProperty('workflow')
    expect((event.data as { readonly workflow: object }).workflow).toBe(workflow)
  })

  it('reads what none of them is', () => {
    for (const known of [[], [other], [stranger, other]]) {
      const event = eventReader('r', defaultCodec.check, known)(recorded(first))
      expect(event).toEqual(first)
      expect(known).not.toContain((event.data as { readonly workflow: object }).workflow)
    }
  })

  it.each([
    ['a member more', (text: string) => text.replace(/\}\}$/, ',"more":1}}')],
    ['another definition after it', (text: string) => text.replace('}}', '},"workflow":{}}')],
    ['another time', (text: string) => text.replace(`"at":${first.at}`, '"at":5')],
    ['another run', (text: string) => text.replace('"runId":"r"', '"runId":"s"')],
    ['no end', (text: string) => text.slice(0, -1)],
  ])('refuses a first fact with %s, as without them', (_, change) => {
    const text = change(eventText(first))
    expect(text).not.toBe(eventText(first))
    for (const known of [[], [workflow]]) {
      expect(() => eventReader('r', defaultCodec.check, known)(recorded(first, text))).toThrow(damage)
    }
  })
})
