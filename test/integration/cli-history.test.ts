import { beforeAll, describe, expect, it } from 'vitest'
import { exitCodes } from '../../src/cli/exit-codes.ts'
import { commandLine } from '../helpers/command-line.ts'

const { waystone, write } = commandLine()

const constant = (id: string) => ({ id, type: 'constant', data: { value: id } })
const flow = {
  id: 'outer',
  version: '1.0.0',
  nodes: [
    constant('a'),
    {
      id: 'nested',
      type: 'workflow',
      nested: { workflow: { id: 'inner', version: '1.0.0', nodes: [constant('a')], edges: [] } },
    },
  ],
  edges: [{ source: 'a', target: 'nested' }],
}

interface Listed {
  readonly runId: string
  readonly events: readonly {
    readonly seq: number
    readonly type: string
    readonly nodeId?: string
    readonly at: number
  }[]
  readonly after: number | null
}

const listed = (...argv: readonly string[]) => JSON.parse(waystone('history', 'r', '--json', ...argv).out) as Listed

describe('waystone history', () => {
  beforeAll(() => {
    write('flow.json', JSON.stringify(flow))
    expect(waystone('run', 'flow.json', '--run-id', 'r').code).toBe(exitCodes.done)
  })

  it('lists all events of a run, a line each', () => {
    const { events, runId, after } = listed()
    expect([runId, after, events.map(({ seq }) => seq)]).toEqual(['r', null, events.map((_, index) => index + 1)])
    const lines = waystone('history', 'r').out.trimEnd().split('\n')
    expect(lines).toHaveLength(events.length + 1)
    for (const [index, { seq, type }] of events.entries()) {
      expect(lines[index + 1]).toMatch(new RegExp(`^${seq} +\\S+Z +${type}`))
    }
  })

  it('lists those that have all that is asked for', () => {
    const all = listed().events
    expect(listed('--type', 'node.completed', '--type', 'run.').events).toEqual(
      all.filter(({ type }) => type === 'node.completed' || type.startsWith('run.')),
    )
    const ofNode = listed('--node', 'a').events
    const ofNested = listed('--node', '/nested/a').events
    expect([...ofNode, ...ofNested]).toEqual(all.filter(({ nodeId }) => nodeId === 'a'))
    expect([ofNode.length > 0, ofNested.length > 0]).toEqual([true, true])
    const last = all.at(-1)!.at
    expect(listed('--from', new Date(last + 1).toISOString()).events).toEqual([])
    expect(listed('--to', String(last)).events).toEqual(all)
    expect(waystone('history', 'r', '--node', 'none').out).toBe('no such events\n')
  })

  it('goes on where the page before ended, and says how', () => {
    const all = listed().events
    const first = waystone('history', 'r', '--limit', '2')
    expect(first.err).toBe('note: there are more; --after 2 lists them\n')
    expect(listed('--limit', '2')).toMatchObject({ events: all.slice(0, 2), after: 2 })
    expect(listed('--after', '2')).toMatchObject({ events: all.slice(2), after: null })
  })

  it('says where the run stood after an event, and before the first', () => {
    expect(waystone('history', 'r', '--at', '0').out).toContain('run r pending: ')
    expect(JSON.parse(waystone('history', 'r', '--at', '2', '--json').out)).toMatchObject({
      seq: 2,
      status: 'running',
      nodes: [{ nodeId: 'a', status: 'running' }, { nodeId: 'nested' }],
    })
  })

  it.each([
    [['--at', '2', '--node', 'a'], exitCodes.usage, 'USAGE'],
    [['--type', 'node.finished'], exitCodes.usage, 'USAGE'],
    [['--at', '999'], exitCodes.notFound, 'HISTORY_OUT_OF_RANGE'],
  ])('refuses %j', (argv, code, error) => {
    expect(waystone('history', 'r', ...argv)).toMatchObject({
      code,
      err: expect.stringMatching(new RegExp(`^error ${error}: `)),
    })
  })
})
