import { describe, expect, it } from 'vitest'
import { exitCodes } from '../../src/cli/exit-codes.ts'
import { fileStore } from '../../src/store/file/file-store.ts'
import { commandLine, packageFile } from '../helpers/command-line.ts'

const { path, write, waystone, shell, start, writeGated, open, calls } = commandLine()

/** A workflow that waits for two signals in a row, the first of them a boolean; the other in a run that is a node. */
const order = write(
  'order.mjs',
  `import { waitForSignal, workflow } from ${packageFile}
   const inner = workflow('shipping', '2.0.0').node('picked', waitForSignal({ name: 'picked' })).build()
   export default workflow('order', '1.0.0')
     .node('approved', waitForSignal({ name: 'approve', schema: { type: 'boolean' } }))
     .node('paid', ['approved'], ({ approved }) => {
       if (!approved) throw new Error('not approved', { cause: new Error('too dear') })
       return 'paid'
     })
     .workflow('ship', ['paid'], inner)
     .build()`,
)
const begin = (runId: string) => waystone('run', order, '--run-id', runId)
const statusOf = (runId: string) => JSON.parse(waystone('show', runId, '--json').out) as { status: string }
const lastOf = (out: string) => JSON.parse(out.trimEnd().split('\n').at(-1)!) as Record<string, unknown>

const waitIdOf = (runId: string) =>
  (JSON.parse(waystone('inspect', runId, '--json').out) as { nodes: { waitsFor: { waitId?: string } }[] }).nodes[0]!
    .waitsFor.waitId!

describe('a run that waits for a signal', () => {
  it('says what it waits for, and how it is sent', () => {
    const { code, out } = begin('says')
    expect(code).toBe(exitCodes.resumable)
    expect(out).toMatch(/^approved waits for signal approve \(wait w\d+\)$/m)
    const command = /^signal with: waystone (.*)$/m.exec(out)![1]!
    expect(shell(`$W ${command} true`)).toMatchObject({ code: exitCodes.resumable })
  })

  it('is listed, shown, planned and drawn with what it waits for', () => {
    begin('listed')
    waystone('signal', 'listed', 'approve', 'true', '--workflow', order)
    expect(waystone('ls').out).toMatch(/^listed +order .* +ship › picked: signal picked$/m)
    const { runs } = JSON.parse(waystone('ls', '--json').out) as { runs: { runId: string; waitsFor?: object[] }[] }
    const { waitsFor } = runs.find(({ runId }) => runId === 'listed')!
    expect(waitsFor).toEqual([
      expect.objectContaining({ path: ['ship'], nodeId: 'picked', kind: 'signal', name: 'picked' }),
    ])
    expect(waystone('show', 'listed').out).toMatch(
      /^ship › picked +waitForSignal +waiting .* signal picked \(wait w\d+\)$/m,
    )
    const shown = JSON.parse(waystone('show', 'listed', '--json').out) as { nodes: object[] }
    expect(shown.nodes[2]).toMatchObject({
      id: 'ship',
      run: { status: 'running', nodes: [{ wait: { name: 'picked' } }] },
    })
    expect(JSON.parse(waystone('plan', 'listed', '--workflow', order, '--json').out)).toMatchObject({
      steps: [{}, {}, { nodeId: 'ship', action: 'blocked' }, { path: ['ship'], nodeId: 'picked', action: 'blocked' }],
      counts: { run: 0, reuse: 2, skip: 0, blocked: 2 },
    })
    expect(waystone('graph', 'listed').out).toMatch(/^ {2}subgraph n2\["ship<br\/>shipping 2.0.0<br\/>waiting"\]$/m)
  })

  it('goes on with it, in the nested run too, and ends', () => {
    begin('goes')
    const first = waystone('signal', 'goes', 'approve', 'true', '--workflow', order)
    expect(first).toMatchObject({ code: exitCodes.resumable })
    expect(first.err).toContain('completed paid\n')
    expect(first.out).toMatch(/^ship › picked waits for signal picked \(wait w\d+\)$/m)
    const last = waystone('signal', 'goes', 'picked', '{"at":[1]}', '--workflow', order, '--json')
    expect(last.code).toBe(exitCodes.done)
    const lines = last.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string })
    expect(lines[0]).toMatchObject({ type: 'signal.received' })
    expect(lines).toContainEqual(expect.objectContaining({ type: 'node.completed', nodeId: 'picked', path: ['ship'] }))
    expect(lines.at(-1)).toMatchObject({ type: 'result', status: 'completed', output: { at: [1] } })
  })

  it('keeps it when the code is not given, and a resume goes on with it', () => {
    begin('keeps')
    const { code, out, err } = waystone('signal', 'keeps', 'approve', 'true')
    expect(code).toBe(exitCodes.done)
    expect(out).toBe('recorded the signal approve for run keeps (waiting)\nresume with: waystone resume keeps\n')
    expect(err).toMatch(/^note: the run has to be resumed, .*no handler/m)
    expect(err).toMatch(/^note: .*--workflow <file>$/m)
    const resumed = waystone('resume', 'keeps', '--workflow', order)
    expect(resumed.err).toContain('completed paid\n')
  })

  it('takes one of several with the same key', () => {
    begin('key')
    const sent = () =>
      JSON.parse(waystone('signal', 'key', 'other', '1', '--key', 'k', '--json').out) as { seq: number }
    const first = sent()
    expect(first).toMatchObject({ type: 'recorded', runId: 'key', status: 'waiting', name: 'other' })
    expect(sent()).toEqual(first)
  })

  it('takes the answer to a wait, and none to a wait that is not open', () => {
    begin('answer')
    expect(waystone('answer', 'answer', 'w1', 'true', '--workflow', order)).toMatchObject({
      code: exitCodes.notFound,
      err: expect.stringMatching(/^error WAIT_UNKNOWN: /),
    })
    const { out } = waystone('answer', 'answer', waitIdOf('answer'), 'true', '--workflow', order)
    expect(out).toContain('run answer of order 1.0.0 waiting: 2 completed, 1 waiting\n')
  })

  it('takes the answer of whoever holds a token for the wait, once, and tells nobody else anything', () => {
    begin('token')
    const { code, out } = waystone('token', 'token', waitIdOf('token'), '--expires', '1d')
    expect(code).toBe(exitCodes.done)
    const token = out.trim()
    expect(encodeURIComponent(token)).toBe(token)
    write('token.txt', out)
    const answered = waystone('answer', '--token', '@token.txt', 'true', '--json')
    expect(JSON.parse(answered.out)).toMatchObject({ type: 'recorded', runId: 'token', waitId: expect.any(String) })
    const elsewhere = JSON.parse(waystone('token', 'token', waitIdOf('token'), '--json').out) as { token: string }
    const refused = [
      waystone('answer', '--token', token, 'true'),
      waystone('answer', '--token', 'none'),
      waystone('answer', '--token', elsewhere.token, '--store', 'none'),
    ]
    for (const each of refused) {
      expect(each).toMatchObject({ code: exitCodes.notFound, out: '', err: refused[0]!.err })
      expect(each.err).toMatch(/^error TOKEN_INVALID: /)
    }
    expect(waystone('token', 'token', 'w1')).toMatchObject({
      code: exitCodes.notFound,
      err: expect.stringMatching(/^error WAIT_UNKNOWN: /),
    })
  })

  it('refuses a payload that does not fit, and one that is no JSON', () => {
    begin('unfit')
    expect(waystone('signal', 'unfit', 'approve', '"yes"')).toMatchObject({
      code: exitCodes.error,
      err: expect.stringMatching(/^error SIGNAL_INVALID: .*"approved"/),
    })
    expect(waystone('signal', 'unfit', 'approve', 'yes')).toMatchObject({
      code: exitCodes.usage,
      err: expect.stringMatching(/^error USAGE: the payload is to be JSON, @file, - .*--text; got "yes"/),
    })
    expect(waystone('signal', 'unfit', 'approve', '--text').code).toBe(exitCodes.usage)
    expect(waystone('signal', 'unfit', 'approve', '@none.json').code).toBe(exitCodes.notFound)
    expect(statusOf('unfit')).toMatchObject({ status: 'waiting' })
  })

  it('takes a payload from a file, from standard input, and as a text', () => {
    write('picked.json', '{"from":"file"}')
    write('picked.txt', 'not {json')
    const cases = [
      ['$W signal ID picked @picked.json --workflow order.mjs', { from: 'file' }],
      ['echo 1 | $W signal ID picked - --workflow order.mjs', 1],
      ['$W signal ID picked --text @picked.txt --workflow order.mjs', 'not {json'],
      ['$W signal ID picked --text "{" --workflow order.mjs', '{'],
      ['$W signal --workflow order.mjs --json -- ID picked -5', -5],
    ] as const
    cases.forEach(([line, output], index) => {
      const runId = `payload-${index}`
      begin(runId)
      waystone('signal', runId, 'approve', 'true', '--workflow', order)
      const { code } = shell(line.replace('ID', runId))
      expect(code, line).toBe(exitCodes.done)
      expect(lastOf(waystone('resume', runId, '--json').out), line).toMatchObject({ output })
    })
  })

  it('takes a run whose nodes need no code on, without any', () => {
    const nodes = [{ id: 'asked', type: 'waitForSignal', data: { name: 'go' } }]
    write('plain.json', JSON.stringify({ id: 'plain', version: '1.0.0', nodes, edges: [] }))
    waystone('run', 'plain.json', '--run-id', 'plain')
    expect(waystone('signal', 'plain', 'go', '[1]')).toMatchObject({
      code: exitCodes.done,
      out: expect.stringContaining('output: [1]\n'),
    })
  })
})

describe('a run that has failed', () => {
  const fail = (runId: string) => {
    begin(runId)
    expect(waystone('signal', runId, 'approve', 'false', '--workflow', order).code).toBe(exitCodes.runFailed)
  }

  it('is tried again, by who says so, and why, on record', async () => {
    fail('again')
    const { code, err } = waystone('retry', 'again', '--node', 'paid', '--by', 'ada', '--why', 'x', '--workflow', order)
    expect(code).toBe(exitCodes.runFailed)
    expect(err).toContain('started paid (attempt 2)\n')
    const store = fileStore(path('.waystone'))
    const texts: string[] = []
    for await (const { text } of store.events('again')) texts.push(text)
    await store.close()
    expect(texts.some((text) => text.includes('"run.resumed"') && text.includes('"by":"ada","why":"x"'))).toBe(true)
    expect(waystone('retry', 'again', '--node', 'ship', '--workflow', order)).toMatchObject({
      code: exitCodes.error,
      err: expect.stringMatching(/^error RUN_REJECTED: /),
    })
    expect(waystone('retry', 'again')).toMatchObject({
      code: exitCodes.incompatible,
      err: expect.stringMatching(/error NODE_TYPE_MISSING: [\s\S]*--workflow/),
    })
  })

  it('goes on with a node skipped, or with a result of its own', () => {
    fail('skipped')
    const skipped = waystone('skip', 'skipped', 'paid', '--by', 'ada')
    expect(skipped).toMatchObject({ code: exitCodes.done, err: '' })
    expect(skipped.out).toBe('skipped paid in run skipped (failed)\nresume with: waystone resume skipped\n')
    expect(waystone('resume', 'skipped', '--workflow', order)).toMatchObject({ code: exitCodes.done })

    fail('given')
    expect(JSON.parse(waystone('set', 'given', 'paid', '{"by":"hand"}', '--json').out)).toEqual({
      type: 'set',
      runId: 'given',
      status: 'failed',
      seq: expect.any(Number),
      node: ['paid'],
      resumeCommand: 'waystone resume given',
    })
    const { nodes } = JSON.parse(waystone('show', 'given', '--json').out) as { nodes: object[] }
    expect(nodes[1]).toMatchObject({ id: 'paid', status: 'completed', output: { by: 'hand' } })
    expect(waystone('set', 'given', 'paid', '1')).toMatchObject({
      code: exitCodes.error,
      err: expect.stringMatching(/^error RUN_REJECTED: .*completed/),
    })
  })

  it('goes on with a node of a nested run skipped, by the ids that lead to it', () => {
    begin('nested')
    waystone('signal', 'nested', 'approve', 'true', '--workflow', order)
    expect(waystone('skip', 'nested', 'ship', 'picked', '--why', 'lost')).toMatchObject({
      code: exitCodes.done,
      out: expect.stringContaining('skipped ship › picked in run nested (waiting)\n'),
    })
    expect(waystone('resume', 'nested', '--workflow', order).code).toBe(exitCodes.done)
  })

  it('takes and loses variables', () => {
    fail('variables')
    expect(waystone('set', 'variables', '--variable', 'note', '--text', 'late').code).toBe(exitCodes.done)
    expect(waystone('unset', 'variables', '--variable', 'note')).toMatchObject({
      code: exitCodes.done,
      out: expect.stringContaining('deleted the variable note in run variables'),
    })
    expect(waystone('unset', 'variables', '--variable', 'note')).toMatchObject({
      code: exitCodes.error,
      err: expect.stringMatching(/^error RUN_REJECTED: /),
    })
  })

  it('takes the edges of a node that is given a result by their handles, or by conditions in code', () => {
    write(
      'routes.mjs',
      `import { workflow } from ${packageFile}
       export default workflow('routes', '1.0.0')
         .node('size', () => { throw new Error('unknown') })
         .node('ship', [{ source: 'size', sourceHandle: 'large' }], () => 'freight')
         .node('post', [{ source: 'size', when: (size) => size < 5 }], () => 'letter')
         .build()`,
    )
    waystone('run', 'routes.mjs', '--run-id', 'routes')
    expect(waystone('set', 'routes', 'size', '3', '--handle', 'large')).toMatchObject({
      code: exitCodes.error,
      err: expect.stringMatching(/^error NODE_CONDITION_FAILED: /),
    })
    waystone('set', 'routes', 'size', '3', '--handle', 'large', '--workflow', 'routes.mjs')
    expect(lastOf(waystone('resume', 'routes', '--workflow', 'routes.mjs', '--json').out)).toMatchObject({
      output: { ship: 'freight', post: 'letter' },
    })
  })

  it('is explained: what each node waits for, and why one did not run', () => {
    fail('explained')
    const inspected = waystone('inspect', 'explained')
    expect(inspected.out).toMatch(
      /^run explained failed: the run has failed: .*\n {2}node "paid" failed in attempt 1: /,
    )
    const { out } = waystone('why', 'explained', 'ship')
    expect(out).toContain('"paid" has failed: retry it, skip it or give its result')
    const causes = waystone('why', 'explained', 'paid').out
    expect(causes).toContain('latest failure:\nError: not approved\n  because Error: too dear\n')
    expect(JSON.parse(waystone('why', 'explained', 'paid', '--json').out)).toMatchObject({ status: 'failed' })
    expect(waystone('why', 'explained', 'nothing')).toMatchObject({ code: exitCodes.error })
    expect(waystone('inspect', order)).toMatchObject({ code: exitCodes.usage })
    waystone('save', 'explained', '-o', 'explained.json')
    expect(waystone('why', 'explained.json', 'paid').out).toBe(causes)
  })
})

describe('a run that executes elsewhere', () => {
  it('is refused, with who holds it, and nothing is recorded', async () => {
    const file = writeGated('elsewhere')
    const { child, until, end } = start('run', file, '--run-id', 'elsewhere')
    await until('started second')
    for (const argv of [
      ['signal', 'elsewhere', 's'],
      ['retry', 'elsewhere', '--workflow', file],
      ['skip', 'elsewhere', 'third'],
      ['token', 'elsewhere', 'w1'],
      ['set', 'elsewhere', 'third', '1'],
      ['set', 'elsewhere', '--variable', 'v', '1'],
      ['unset', 'elsewhere', '--variable', 'v'],
    ]) {
      expect(waystone(...argv), argv.join(' ')).toMatchObject({
        code: exitCodes.held,
        err: expect.stringMatching(new RegExp(`^error STORE_HELD: .*waystone run, process ${child.pid}`)),
      })
    }
    open('elsewhere')
    expect((await end).code).toBe(exitCodes.done)
    expect(calls('elsewhere')).toEqual(['first', 'second', 'third'])
  })
})

describe('what is not there', () => {
  it.each([
    ['signal', 'nobody', 's'],
    ['answer', 'nobody', 'w1'],
    ['retry', 'nobody'],
    ['skip', 'nobody', 'a'],
    ['token', 'nobody', 'w1'],
    ['set', 'nobody', 'a', '1'],
    ['unset', 'nobody', '--variable', 'a'],
    ['inspect', 'nobody'],
    ['why', 'nobody', 'a'],
    ['history', 'nobody'],
  ])('is not found by %s', (...argv) => {
    expect(waystone(...argv, '--json')).toMatchObject({
      code: exitCodes.notFound,
      out: expect.stringMatching(/^\{"type":"error","exitCode":5,.*\}\n$/),
    })
  })
})
