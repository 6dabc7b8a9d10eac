import { describe, expect, it } from 'vitest'
import { isWaystoneError } from '../../../src/base/errors.ts'
import { parseArgs } from '../../../src/cli/args.ts'

const parse = (...argv: string[]) => parseArgs(argv, '1.2.3')
const invocationOf = (...argv: string[]) => {
  const parsed = parse(...argv)
  return parsed.kind === 'command' ? parsed.invocation : null
}

describe('parseArgs', () => {
  it('reads every option of run', () => {
    expect(
      invocationOf(
        ...['run', 'w.json', '--input', '-5', '--store', 'dir', '--run-id', 'r1', '--json', '--verbose'],
        ...['--registry', 'r.mjs', '--concurrency', '2'],
      ),
    ).toEqual({
      command: 'run',
      file: 'w.json',
      input: '-5',
      store: 'dir',
      runId: 'r1',
      registry: 'r.mjs',
      concurrency: 2,
      json: true,
      verbose: true,
    })
  })

  it('reads whether a cancel compensates', () => {
    const compensateOf = (...argv: string[]) => invocationOf('cancel', 'r', ...argv)
    expect(compensateOf()).toMatchObject({ command: 'cancel', runId: 'r', why: null, compensate: null })
    expect(compensateOf('--compensate', '--why', 'x')).toMatchObject({ compensate: true, why: 'x' })
    expect(compensateOf('--no-compensate')).toMatchObject({ compensate: false })
  })

  it('has defaults', () => {
    expect(invocationOf('run', 'w.json')).toEqual({
      command: 'run',
      file: 'w.json',
      input: null,
      store: '.waystone',
      runId: null,
      registry: null,
      concurrency: null,
      json: false,
      verbose: false,
    })
  })

  it('takes options that every command has before the command too', () => {
    expect(invocationOf('--json', 'ls')).toMatchObject({ command: 'ls', json: true })
  })

  it('reads every other command', () => {
    expect(invocationOf('resume', 'r', '--workflow', 'w.mjs', '--accept-change', '--concurrency', '1')).toMatchObject({
      command: 'resume',
      runId: 'r',
      workflow: 'w.mjs',
      registry: null,
      concurrency: 1,
      acceptChange: true,
    })
    expect(invocationOf('resume', 'r', '--registry', 'r.mjs')).toMatchObject({ registry: 'r.mjs', concurrency: null })
    expect(invocationOf('show', 'r', '--store', 's')).toMatchObject({ command: 'show', subject: 'r', store: 's' })
    expect(invocationOf('save', 'r', '-o', 'f', '--compress')).toMatchObject({
      command: 'save',
      runId: 'r',
      output: 'f',
      compress: true,
    })
    expect(invocationOf('validate', 'w.json')).toMatchObject({ command: 'validate', file: 'w.json', registry: null })
    expect(invocationOf('graph', 'w.json')).toMatchObject({ command: 'graph', subject: 'w.json' })
    expect(invocationOf('plan', 's.json', '--workflow', 'w.mjs', '--accept-change')).toMatchObject({
      command: 'plan',
      subject: 's.json',
      workflow: 'w.mjs',
      registry: null,
      acceptChange: true,
    })
  })

  it('reads what reaches a run from outside', () => {
    const code = { workflow: null, registry: null, acceptChange: false }
    const base = { json: false, verbose: false, store: '.waystone' }
    const payload = { given: null, isText: false }
    expect(invocationOf('signal', 'r', 's')).toEqual({
      ...base,
      ...code,
      ...{ command: 'signal', runId: 'r', name: 's', payload, key: null },
    })
    expect(
      invocationOf('signal', 'r', 's', '{}', '--key', 'k', '--workflow', 'w.mjs', '--accept-change'),
    ).toMatchObject({
      payload: { given: '{}', isText: false },
      ...{ key: 'k', workflow: 'w.mjs', acceptChange: true },
    })
    expect(invocationOf('answer', 'r', 'w3', '--text', 'yes')).toMatchObject({
      ...{ command: 'answer', runId: 'r', waitId: 'w3', key: null },
      payload: { given: 'yes', isText: true },
    })
    expect(invocationOf('answer', '--token', '@t', '1')).toEqual({
      ...base,
      ...code,
      ...{ command: 'answer', token: '@t', payload: { given: '1', isText: false } },
    })
    expect(invocationOf('token', 'r', 'w3')).toEqual({
      ...base,
      ...{ command: 'token', runId: 'r', waitId: 'w3', expiresInMs: null },
    })
    expect(invocationOf('token', 'r', 'w3', '--expires', '1h30m')).toMatchObject({ expiresInMs: 5_400_000 })
    expect(invocationOf('retry', 'r')).toEqual({
      ...base,
      ...code,
      ...{ command: 'retry', runId: 'r', nodes: [], by: null, why: null },
    })
    expect(invocationOf('retry', 'r', '--node', 'a', '--node', '-b', '--by', 'ada', '--why', '')).toMatchObject({
      ...{ nodes: ['a', '-b'], by: 'ada', why: '' },
    })
    expect(invocationOf('skip', 'r', '')).toEqual({
      ...base,
      command: 'skip',
      runId: 'r',
      node: [''],
      by: null,
      why: null,
    })
    expect(invocationOf('set', 'r', 'n', '1', '--handle', 'a', '--handle', 'b')).toEqual({
      ...base,
      ...{ command: 'set', runId: 'r', node: ['n'], variable: null, handles: ['a', 'b'] },
      ...{ value: { given: '1', isText: false }, workflow: null, by: null, why: null },
    })
    expect(invocationOf('set', 'r', 'outer', 'inner', '1')).toMatchObject({
      ...{ node: ['outer', 'inner'], value: { given: '1' } },
    })
    expect(invocationOf('set', 'r', '--variable', '', '-')).toMatchObject({
      ...{ node: null, variable: '', handles: null, value: { given: '-', isText: false } },
    })
    expect(invocationOf('unset', 'r', '--variable', 'v')).toMatchObject({ command: 'unset', runId: 'r', variable: 'v' })
  })

  it('reads what explains a run', () => {
    const base = { json: false, verbose: false, store: '.waystone', workflow: null, registry: null }
    expect(invocationOf('inspect', 'r')).toEqual({ ...base, command: 'inspect', subject: 'r' })
    expect(invocationOf('why', 'r', 'outer', 'inner')).toEqual({
      ...base,
      ...{ command: 'why', subject: 'r', node: ['outer', 'inner'] },
    })
  })

  it('reads which events are looked for', () => {
    const base = { json: false, verbose: false, store: '.waystone', command: 'history', runId: 'r' }
    const filter = { types: null, nodes: null, from: null, to: null, after: null, limit: null }
    expect(invocationOf('history', 'r')).toEqual({ ...base, filter, at: null })
    expect(invocationOf('history', 'r', '--at', '0')).toEqual({ ...base, filter, at: 0 })
    const asked = [
      '--type',
      'node.',
      '--type',
      '*.failed',
      '--node',
      'a',
      '--node',
      '/n/a',
      '--after',
      '5',
      '--limit',
      '7',
    ]
    expect(invocationOf('history', 'r', ...asked, '--from', '2026-01-01T00:00:00Z', '--to', '-5')).toMatchObject({
      filter: {
        types: ['node.', '*.failed'],
        nodes: ['a', '/n/a'],
        after: 5,
        limit: 7,
        from: 1_767_225_600_000,
        to: -5,
      },
    })
  })

  it('takes an id that looks like an option after --', () => {
    expect(invocationOf('resume', '--', '-r')).toMatchObject({ runId: '-r' })
  })

  it.each([
    [[]],
    [['nothing']],
    [['run']],
    [['run', 'a.json', 'b.json']],
    [['run', 'a.json', '--concurency', '2']],
    [['run', 'a.json', '--input']],
    [['save', 'r']],
    [['ls', '--compress']],
    [['resume']],
    [['run', 'a.json', '--concurrency', '0']],
    [['run', 'a.json', '--concurrency', '1.5']],
    [['run', 'a.json', '--concurrency', 'many']],
    [['run', 'a.json', '--store', '']],
    [['run', 'a.json', '--run-id', '']],
    [['save', 'r', '-o', '']],
    [['resume', 'r', '--workflow', '']],
    [['signal', 'r']],
    [['signal', 'r', 's', '1', '2']],
    [['signal', 'r', 's', '--key', '']],
    [['answer', 'r']],
    [['answer', 'r', 'w', '1', '2']],
    [['answer', '--token', 't', '1', '2']],
    [['answer', '--token', 't', '--key', 'k']],
    [['answer', '--token', '']],
    [['token', 'r']],
    [['token', 'r', 'w', '--expires', '0ms']],
    [['token', 'r', 'w', '--expires', 'soon']],
    [['why', 'r']],
    [['history']],
    [['history', 'r', '--at', '-1']],
    [['history', 'r', '--at', 'now']],
    [['history', 'r', '--after', '1.5']],
    [['history', 'r', '--limit', '0']],
    [['history', 'r', '--from', 'yesterday']],
    [['set', 'r', 'n']],
    [['set', 'r', '--variable', 'v']],
    [['set', 'r', 'n', '1', '--variable', 'v']],
    [['set', 'r', '1', '--variable', 'v', '--handle', 'h']],
    [['unset', 'r']],
    [['skip', 'r']],
  ])('refuses %j', (argv) => {
    let thrown: unknown
    try {
      parse(...argv)
    } catch (error) {
      thrown = error
    }
    expect(isWaystoneError(thrown, 'USAGE')).toBe(true)
    expect((thrown as Error).message).not.toMatch(/^error/)
  })

  it('says on one line what is wrong, and where help is', () => {
    expect(() => parse('resum', 'r')).toThrow("unknown command 'resum' (Did you mean resume?); see waystone --help")
    expect(() => parse('--json', 'ls', 'more')).toThrow(/; see waystone help ls$/)
  })

  it('gives help and the version as text', () => {
    expect(parse('--version')).toEqual({ kind: 'text', text: '1.2.3\n' })
    const help = parse('--help')
    for (const name of ['run', 'resume', 'ls', 'show', 'save', 'validate', 'graph', 'plan', 'Exit codes']) {
      expect(help).toMatchObject({ kind: 'text', text: expect.stringContaining(name) })
    }
    expect(parse('run', '--help')).toMatchObject({ kind: 'text', text: expect.stringContaining('--run-id') })
    expect(parse('help', 'save')).toMatchObject({ kind: 'text', text: expect.stringContaining('--compress') })
  })
})
