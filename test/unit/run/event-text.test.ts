import { describe, expect, it } from 'vitest'
import { dictionary } from '../../../src/base/json.ts'
import { eventText, parseEvent } from '../../../src/run/event-text.ts'
import type { StateWrite } from '../../../src/run/state-write.ts'
import { Core } from './core.ts'

const hostile = ['__proto__', 'constructor', 'toString', '', '10', '2', 'x'.repeat(10_000), '\ud83d', 'a\u2028"\\']

describe('eventText and parseEvent', () => {
  it('every event comes back equal, whatever its names', () => {
    const core = new Core(
      hostile.map((id) => ({ id, retry: { maximumAttempts: 2, initialIntervalMs: 0 }, fallback: { type: 'x' } })),
      [{ source: '__proto__', target: 'constructor', sourceHandle: '__proto__' }],
    )
    for (const name of hostile) {
      core.run.state.variables[name] = { json: '[1]' }
      core.run.state.contextVariables[name] = null
      core.run.state.contextConstants[name] = 'c'
    }
    core.do({ type: 'run.start', seed: 4_294_967_295 })
    core.settle()
    core.do({ type: 'signal.receive', name: '__proto__', payload: { json: '{"a":[1]}' } })
    core.do({ type: 'usage.add', index: 0, attempt: 1, resource: '__proto__', amount: 0.5 })
    const writes = hostile.flatMap((key): StateWrite[] => [
      { area: 'variable', op: 'set', key, value: { json: '{"b":1,"a":2}' } },
      { area: 'contextVariable', op: 'delete', key },
      { area: 'contextConstant', op: 'set', key: `${key}!`, value: true },
      { area: 'counter', op: 'add', key, value: 1e21 },
      { area: 'accumulator', op: 'append', key, value: { json: '{"#type":"undefined"}' } },
      { area: 'cache', op: 'set', key, value: 'v', expiresAt: 5 },
      { area: 'cache', op: 'delete', key: `${key}3` },
    ])
    const decisions = Object.assign(dictionary<boolean>(), { [core.run.graph.edgeKeys[0]!]: true })
    core.complete('__proto__', { json: '{"#type":"undefined"}' }, { writes, decisions })
    expect(core.node('__proto__').status).toBe('completed')
    for (const id of ['10', '2', '']) core.fail(id)
    core.settle()
    core.fail('10')
    core.settle()
    core.fail('10')
    core.do({ type: 'run.request-pause', reason: 'r' })
    core.do({ type: 'run.cut-off' })
    core.settle()
    core.resume()
    core.do({ type: 'run.cancel', reason: 'no' })
    expect(new Set(core.events.map(({ type }) => type)).size).toBeGreaterThan(11)
    for (const event of core.events) {
      const back = parseEvent(eventText(event))
      expect(back).toEqual(event)
      expect(eventText(back)).toBe(eventText(event))
    }
    core.check()
  })

  it.each([
    '',
    'null',
    '[]',
    '"x"',
    '{}',
    '{"seq":1}',
    '{"seq":1,"runId":"r","at":1,"type":"node.started","data":null}',
    '{"seq":1,"runId":"r","at":1,"type":"node.started"}',
    '{"seq":1.5,"runId":"r","at":1,"type":"node.started","data":{}}',
    '{"seq":1,"runId":7,"at":1,"type":"node.started","data":{}}',
    '{"seq":1,"runId":"r","at":null,"type":"node.started","data":{}}',
    '{"seq":1,"runId":"r","at":1,"type":"run.started","data":{}}',
    '{"seq":1,"runId":"r","at":1,"type":"node.completed","data":{"decisions":5}}',
  ])('the line %j is no event', (line) => {
    expect(() => parseEvent(line)).toThrow(expect.objectContaining({ code: 'HISTORY_DAMAGED' }))
  })
})
