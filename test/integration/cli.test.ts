import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commandLine, packageFile } from '../helpers/command-line.ts'
import { packageRoot } from '../helpers/source-module.ts'

const fixture = (name: string) => join(packageRoot, 'fixtures/workflows', name)
const { path, write, waystone, start, gated, writeGated, open, calls } = commandLine()

describe('waystone with a JSON workflow', () => {
  it('runs it, and says what came of it', () => {
    const { code, out, err } = waystone('run', fixture('review.json'), '--run-id', 'r1')
    expect(err).toContain('completed order\n')
    expect(err).toContain('skipped pass (untaken)\n')
    expect(out).toContain('run r1 of review 1.2.0 completed: 4 completed, 1 skipped\n')
    expect(out).toContain('output: {"review":"reviewed"}\n')
    expect(out + err).not.toContain('\u001b')
    expect(code).toBe(0)
  })

  it('lists it and shows it', () => {
    const { runs } = JSON.parse(waystone('ls', '--json').out) as { runs: { runId: string; status: string }[] }
    expect(runs).toContainEqual(expect.objectContaining({ runId: 'r1', status: 'completed', workflowId: 'review' }))
    expect(waystone('ls').out).toMatch(/^run +workflow +version +status/)
    expect(waystone('show', 'r1').out).toMatch(/^pass +constant +skipped +untaken$/m)
    const shown = JSON.parse(waystone('show', 'r1', '--json').out) as { nodes: { id: string; output?: unknown }[] }
    expect(shown).toMatchObject({
      runId: 'r1',
      status: 'completed',
      completedNodes: ['order', 'size', 'review', 'done'],
    })
    expect(shown.nodes[0]).toMatchObject({ id: 'order', status: 'completed', output: { id: 'o-17', total: 140 } })
  })

  it('saves it as a snapshot, plain and compressed, that the other commands read', () => {
    expect(waystone('save', 'r1', '-o', 's.json').code).toBe(0)
    const saved = JSON.parse(waystone('save', 'r1', '-o', 's.gz', '--compress', '--json').out) as { sizeBytes: number }
    expect(saved.sizeBytes).toBe(readFileSync(path('s.gz')).length)
    for (const file of ['s.json', 's.gz']) {
      expect(waystone('show', file).out).toContain('run       r1\n')
      expect(JSON.parse(waystone('plan', file, '--json').out)).toMatchObject({
        runId: 'r1',
        counts: { run: 0, reuse: 4, skip: 1 },
      })
    }
    const piped = waystone('save', 'r1', '-o', '-')
    expect(JSON.parse(piped.out)).toMatchObject({ format: 'waystone.snapshot', run: { id: 'r1' } })
  })

  it('refuses a snapshot that was changed, and one of a newer format', () => {
    const text = readFileSync(path('s.json'), 'utf8')
    write('changed.json', text.replace('"reviewed"', '"rejected"'))
    expect(waystone('show', 'changed.json')).toMatchObject({
      code: 6,
      err: expect.stringMatching(/^error SNAPSHOT_INTEGRITY: /),
    })
    write('newer.json', text.replace(/"version": "[\d.]+"/, '"version": "2.0.0"'))
    expect(waystone('plan', 'newer.json')).toMatchObject({
      code: 8,
      err: expect.stringMatching(/^error SNAPSHOT_TOO_NEW: /),
    })
  })

  it('draws the workflow and the run', () => {
    expect(waystone('graph', fixture('review.json')).out).toContain('  n1 -->|"true"| n2\n')
    const drawn = waystone('graph', 'r1').out
    expect(drawn).toContain('  n1 ==>|"true"| n2\n')
    expect(drawn).toContain('  n1 -.->|"false"| n3\n')
    expect(waystone('graph', 's.gz').out).toBe(drawn)
  })

  it('plans what would run', () => {
    expect(JSON.parse(waystone('plan', fixture('review.json'), '--json').out)).toMatchObject({
      runId: null,
      counts: { run: 5 },
    })
  })

  it('takes ids and names of every kind', () => {
    const { code, out } = waystone('run', fixture('hostile-ids.json'), '--json', '--run-id', '__proto__')
    expect(code).toBe(0)
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string })
    expect(lines.at(-1)).toMatchObject({ type: 'result', runId: '__proto__', status: 'completed' })
    expect(lines.filter(({ type }) => type === 'node.completed')).toHaveLength(4)
    expect(waystone('show', '__proto__').code).toBe(0)
  })

  it('ends with 3 when the run fails, and a resume tries the failed node again', () => {
    const failed = waystone('run', fixture('failing.json'), '--run-id', 'f1')
    expect(failed.code).toBe(3)
    expect(failed.err).toMatch(/^error RUN_NODE_FAILED: .*"broken"/m)
    expect(failed.err).not.toContain('    at ')
    expect(failed.out).toContain('resume with: waystone resume f1\n')
    const again = waystone('resume', 'f1')
    expect(again.code).toBe(3)
    expect(again.err).toContain('started broken (attempt 2)\n')
    expect(again.err).not.toContain('started first')
  })

  it('gives the result of a run that has ended without running anything', () => {
    const { code, out, err } = waystone('resume', 'r1')
    expect(code).toBe(0)
    expect(out).toContain('output: {"review":"reviewed"}\n')
    expect(err).toBe('')
  })

  it('validates: every problem at once', () => {
    write(
      'bad.json',
      JSON.stringify({
        id: 'bad',
        version: 'x',
        nodes: [
          { id: 'a', type: 'a' },
          { id: 'a', type: 'a' },
        ],
        edges: [{ source: 'a', target: 'b' }],
      }),
    )
    const { code, err } = waystone('validate', 'bad.json')
    expect(code).toBe(1)
    for (const found of ['WORKFLOW_BAD_VERSION', 'WORKFLOW_DUPLICATE_NODE', 'WORKFLOW_UNKNOWN_NODE']) {
      expect(err).toContain(`error ${found}: `)
    }
    expect(JSON.parse(waystone('validate', 'bad.json', '--json').out)).toMatchObject({
      isValid: false,
      problems: { length: 3 },
    })
    expect(waystone('validate', fixture('review.json'))).toMatchObject({ code: 0, err: '' })
    write('broken.json', '{')
    expect(waystone('validate', 'broken.json')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^error WORKFLOW_SYNTAX: /),
    })
  })
})

describe('waystone with a workflow in code', () => {
  it('runs its default export', () => {
    const { code, out } = waystone('run', writeGated('code', true), '--run-id', 'c1')
    expect(out).toContain('output: 3\n')
    expect(code).toBe(0)
  })

  it('hands the input on, from the argument or a file', () => {
    write(
      'echo.mjs',
      `import { createWorkflow } from ${packageFile}
       const definition = { id: 'echo', version: '1.0.0', nodes: [{ id: 'a', type: 'echo' }], edges: [] }
       export const workflow = createWorkflow(definition, { handlers: { echo: (_, ctx) => ctx.input } })`,
    )
    write('input.json', '{"x":[1]}')
    expect(waystone('run', 'echo.mjs', '--input', '{"x":-1}').out).toContain('output: {"x":-1}\n')
    expect(waystone('run', 'echo.mjs', '--input', '@input.json').out).toContain('output: {"x":[1]}\n')
    expect(waystone('run', 'echo.mjs', '--input', '{x')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^error USAGE: /),
    })
    expect(waystone('run', 'echo.mjs', '--input', '@none.json').code).toBe(5)
  })

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'pauses at the first %s, and the printed command finishes the run without repeating a node',
    async (signal) => {
      const name = `paused-${signal}`
      const file = writeGated(name, false)
      const { child, until, end } = start('run', file, '--run-id', name)
      await until('started second')
      child.kill(signal)
      await until('pausing')
      open(name)
      const { code, out } = await end
      expect(code).toBe(4)
      expect(out).toContain(` paused: `)
      expect(out).toContain(`resume with: waystone resume --workflow ${file} ${name}\n`)
      expect(calls(name)).toEqual(['first', 'second'])

      const without = waystone('resume', name)
      expect(without.code).toBe(8)
      expect(without.err).toMatch(/error NODE_TYPE_MISSING: [\s\S]*--workflow/)
      expect(JSON.parse(waystone('plan', name, '--workflow', file, '--json').out)).toMatchObject({
        counts: { run: 1, reuse: 2 },
      })

      const resumed = waystone('resume', '--workflow', file, name)
      expect(resumed).toMatchObject({ code: 0, out: expect.stringContaining('output: 3\n') })
      expect(calls(name)).toEqual(['first', 'second', 'third'])
    },
  )

  it('stops at once at the second signal, and the run can be resumed', async () => {
    const file = writeGated('stopped', false)
    const { child, until, end } = start('run', file, '--run-id', 'stopped')
    await until('started second')
    child.kill('SIGINT')
    await until('pausing')
    child.kill('SIGINT')
    expect(await end).toMatchObject({
      code: 4,
      err: expect.stringContaining(`resume with: waystone resume --workflow ${file} stopped`),
    })
    open('stopped')
    expect(waystone('resume', '--workflow', file, 'stopped')).toMatchObject({
      code: 0,
      out: expect.stringContaining('output: 3\n'),
    })
    expect(calls('stopped')).toEqual(['first', 'second', 'second', 'third'])
  })

  it('ends with 7 while another process holds the run', async () => {
    const file = writeGated('held', false)
    const { until, end } = start('run', file, '--run-id', 'held')
    await until('started second')
    expect(waystone('resume', '--workflow', file, 'held')).toMatchObject({
      code: 7,
      err: expect.stringMatching(/^error STORE_HELD: /),
    })
    expect(waystone('save', 'held', '-o', 'held.json').code).toBe(0)
    open('held')
    expect((await end).code).toBe(0)
  })

  it('refuses another workflow and a changed one, and goes on with a change that is accepted', async () => {
    const file = writeGated('changing', false)
    const { child, until, end } = start('run', file, '--run-id', 'changing')
    await until('started second')
    child.kill('SIGINT')
    await until('pausing')
    open('changing')
    await end
    expect(waystone('resume', '--workflow', writeGated('code', true), 'changing')).toMatchObject({
      code: 8,
      err: expect.stringMatching(/^error WORKFLOW_CHANGED: /),
    })
    write(
      'changed.mjs',
      gated('changing').replace('.build()', ".node('fourth', ['third'], ({ third }) => third + 1).build()"),
    )
    const refused = waystone('resume', '--workflow', 'changed.mjs', 'changing')
    expect(refused).toMatchObject({ code: 8, err: expect.stringContaining('--accept-change') })
    expect(waystone('resume', '--workflow', 'changed.mjs', '--accept-change', 'changing')).toMatchObject({
      code: 0,
      out: expect.stringContaining('output: 4\n'),
    })
  })
})

describe('waystone', () => {
  it('ends with 2 for what it does not understand', () => {
    expect(waystone('run')).toMatchObject({ code: 2, out: '', err: expect.stringMatching(/^error USAGE: .*file/) })
    expect(waystone('nothing').code).toBe(2)
    expect(waystone().code).toBe(2)
  })

  it('ends with 5 for what is not there, and makes no store by looking', () => {
    expect(waystone('show', 'nobody', '--store', 'none')).toMatchObject({
      code: 5,
      err: expect.stringMatching(/^error STORE_NOT_FOUND: /),
    })
    expect(waystone('resume', 'nobody', '--store', 'none').code).toBe(5)
    expect(waystone('save', 'nobody', '--store', 'none', '-o', 'x').code).toBe(5)
    expect(waystone('ls', '--store', 'none')).toMatchObject({ code: 0, out: expect.stringMatching(/^no runs: /) })
    expect(waystone('run', 'nobody.json').code).toBe(5)
    expect(existsSync(path('none'))).toBe(false)
  })

  it('refuses the id of a run that is there', () => {
    expect(waystone('run', fixture('review.json'), '--run-id', 'r1')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^error STORE_EXISTS: /),
    })
  })

  it('shows help and its version', () => {
    expect(waystone('--help')).toMatchObject({ code: 0, err: '', out: expect.stringContaining('Exit codes') })
    expect(waystone('--version').out).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it('keeps its store where it is told', () => {
    expect(waystone('run', fixture('review.json'), '--run-id', 'x', '--store', 'other store').code).toBe(0)
    expect(waystone('show', 'x', '--store', 'other store').code).toBe(0)
    expect(waystone('show', 'x').code).toBe(5)
  })
})
