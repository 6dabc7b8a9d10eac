import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { exitCodes } from '../../src/cli/exit-codes.ts'
import { commandLine, packageFile } from '../helpers/command-line.ts'

const { path, write, waystone, start, writeGated, open, calls, chain } = commandLine()

const constant = (id: string) => ({ id, type: 'constant', data: { value: 1 } })
const module = (body: string) => `import { workflow } from ${packageFile}\n${body}`

/** The file of a run's facts, wherever its store keeps it. */
function logOf(store: string): string {
  const files = readdirSync(path(store), { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file, 'utf8').includes('run.started'))
  expect(files).toHaveLength(1)
  return files[0]!
}

describe('the exit code', () => {
  beforeAll(() => {
    write('done.json', chain('done', [constant('a'), constant('b')]))
  })

  it('is 0 when the work is done', () => {
    expect(waystone('run', 'done.json', '--run-id', 'r').code).toBe(exitCodes.done)
    expect(waystone('resume', 'r').code).toBe(exitCodes.done)
  })

  it('is 1 for an error without a code of its own', () => {
    expect(waystone('run', 'done.json', '--run-id', 'r')).toMatchObject({
      code: exitCodes.error,
      err: expect.stringMatching(/^error STORE_EXISTS: /),
    })
    write('broken.json', '{')
    expect(waystone('run', 'broken.json').code).toBe(exitCodes.error)
  })

  it('is 2 for what can not be understood', () => {
    expect(waystone('run', 'done.json', '--concurrency', 'many').code).toBe(exitCodes.usage)
    expect(waystone('run', 'done.json', '--input', '{').code).toBe(exitCodes.usage)
    expect(waystone('resume', '').code).toBe(exitCodes.usage)
    expect(waystone('save', 'r', '-o', '-', '--compress').code).toBe(exitCodes.usage)
  })

  it('is 3 when the run fails', () => {
    write('fails.mjs', module(`export default workflow('fails', '1.0.0').node('a', () => { throw 1 }).build()`))
    expect(waystone('run', 'fails.mjs').code).toBe(exitCodes.runFailed)
  })

  it('is 4 when the run is paused and can be resumed', async () => {
    const file = writeGated('paused')
    const { child, until, end } = start('run', file, '--run-id', 'paused')
    await until('started second')
    child.kill('SIGTERM')
    await until('pausing')
    open('paused')
    expect((await end).code).toBe(exitCodes.resumable)
    expect(waystone('resume', 'paused', '--workflow', file).code).toBe(exitCodes.done)
  })

  it('is 4 when the run waits for an answer, and the resume is the answer', async () => {
    const nodes = [{ id: 'a', type: 'slow', onInterrupted: 'ask' }]
    write('ask.json', JSON.stringify({ id: 'ask', version: '1.0.0', nodes }))
    write(
      'slow.mjs',
      `import { createRegistry } from ${packageFile}
       import { existsSync } from 'node:fs'
       const wait = async () => { while (!existsSync('ask.gate')) await new Promise((resolve) => setTimeout(resolve, 5)) }
       export default createRegistry().register('slow', wait)`,
    )
    const { child, until, end } = start('run', 'ask.json', '--registry', 'slow.mjs', '--run-id', 'ask')
    await until('started a')
    child.kill('SIGKILL')
    await end
    const asked = waystone('resume', '--registry', 'slow.mjs', 'ask')
    expect(asked).toMatchObject({ code: exitCodes.resumable, out: expect.stringContaining(' waiting: ') })
    expect(asked.out).toContain('resume with: waystone resume --registry slow.mjs ask\n')
    open('ask')
    expect(waystone('resume', '--registry', 'slow.mjs', 'ask').code).toBe(exitCodes.done)
  })

  it('is 5 for what is not there', () => {
    expect(waystone('show', 'nobody').code).toBe(exitCodes.notFound)
    expect(waystone('validate', 'nobody.json').code).toBe(exitCodes.notFound)
    expect(waystone('run', 'done.json', '--input', '@nobody.json').code).toBe(exitCodes.notFound)
    expect(waystone('run', 'done.json', '--registry', 'nobody.mjs').code).toBe(exitCodes.notFound)
  })

  it('is 1, not 5, when the folder of a new file is not there, or a module looks for a file that is not', () => {
    expect(waystone('save', 'r', '-o', 'nowhere/s.json')).toMatchObject({
      code: exitCodes.error,
      err: expect.stringContaining('there is no folder "nowhere"'),
    })
    write('looks.mjs', `import { readFileSync } from 'node:fs'\nreadFileSync('nobody.txt')`)
    expect(waystone('run', 'looks.mjs').code).toBe(exitCodes.error)
  })

  it('is 6 for a snapshot that was changed, cut or is no gzip any more', () => {
    waystone('save', 'r', '-o', 's.json')
    const text = readFileSync(path('s.json'), 'utf8')
    write('changed.json', text.replace('"done"', '"gone"'))
    write('cut.json', text.slice(0, -20))
    write('torn.gz', new Uint8Array([0x1f, 0x8b, 8, 0, 1]))
    for (const file of ['changed.json', 'cut.json', 'torn.gz']) {
      expect(waystone('show', file)).toMatchObject({ code: exitCodes.integrity, out: '' })
    }
    for (const command of ['plan', 'graph', 'validate']) {
      expect(waystone(command, 'changed.json'), command).toMatchObject({ code: exitCodes.integrity, out: '' })
    }
  })

  it('is 6 for a run whose log is damaged in the middle', () => {
    expect(waystone('run', 'done.json', '--run-id', 'd', '--store', 'damaged').code).toBe(exitCodes.done)
    const log = logOf('damaged')
    const bytes = readFileSync(log)
    bytes[Math.floor(bytes.length / 2)]! ^= 1
    writeFileSync(log, bytes)
    for (const command of ['show', 'resume']) {
      expect(waystone(command, 'd', '--store', 'damaged'), command).toMatchObject({
        code: exitCodes.integrity,
        err: expect.stringMatching(/^error (STORE|HISTORY)_DAMAGED: /),
      })
    }
  })

  it('is 7 while another process holds the run', async () => {
    const file = writeGated('held')
    const { until, end } = start('run', file, '--run-id', 'held')
    await until('started second')
    expect(waystone('resume', 'held', '--workflow', file)).toMatchObject({
      code: exitCodes.held,
      err: expect.stringMatching(/^error STORE_HELD: /),
    })
    expect(waystone('run', file, '--run-id', 'held').code).toBe(exitCodes.held)
    open('held')
    expect((await end).code).toBe(exitCodes.done)
    expect(calls('held')).toEqual(['first', 'second', 'third'])
  })

  it('is 8 for missing code, a changed workflow, and a snapshot of a newer format', () => {
    write('unknown.json', chain('unknown', [{ id: 'a', type: 'charge-card' }]))
    expect(waystone('run', 'unknown.json')).toMatchObject({
      code: exitCodes.incompatible,
      err: expect.stringMatching(/^error NODE_TYPE_MISSING: .*"charge-card".*\nnote: --registry /),
    })
    write('newer.json', readFileSync(path('s.json'), 'utf8').replace(/"version": "[\d.]+"/, '"version": "2.0.0"'))
    for (const command of ['show', 'validate'])
      expect(waystone(command, 'newer.json').code).toBe(exitCodes.incompatible)
    expect(waystone('plan', 's.json', '--workflow', 'fails.mjs')).toMatchObject({
      code: exitCodes.incompatible,
      err: expect.stringMatching(/^error WORKFLOW_CHANGED: /),
    })
  })
})

describe('a process that is killed', () => {
  it('leaves a run that a resume finishes, without calling a completed node again', async () => {
    const file = writeGated('killed')
    const { child, until, end } = start('run', file, '--run-id', 'killed')
    await until('started second')
    child.kill('SIGKILL')
    expect((await end).code).toBe(null)
    expect(JSON.parse(waystone('show', 'killed', '--json').out)).toMatchObject({
      status: 'running',
      completedNodes: ['first'],
    })
    open('killed')
    const resumed = waystone('resume', 'killed', '--workflow', file)
    expect(resumed).toMatchObject({ code: 0, out: expect.stringContaining('output: 3\n') })
    expect(resumed.err).toContain('run killed of killed 1.0.0: 3 nodes, 1 completed\n')
    expect(calls('killed').filter((id) => id === 'first')).toHaveLength(1)
    expect(calls('killed').at(-1)).toBe('third')
  })
})

describe('a run that has ended', () => {
  it('gives its result without its code, changed code, or anything being run', () => {
    const file = writeGated('ended', true)
    expect(waystone('run', file, '--run-id', 'ended').code).toBe(0)
    const again = waystone('resume', 'ended')
    expect(again).toMatchObject({ code: 0, err: '', out: expect.stringContaining('output: 3\n') })
    write(file, readFileSync(path(file), 'utf8').replace('first + 1', 'first + 2').replace("'third',", "'last',"))
    expect(waystone('resume', 'ended', '--workflow', file)).toMatchObject({ code: 0, out: again.out })
    expect(calls('ended')).toEqual(['first', 'second', 'third'])
  })
})

describe("a workflow's code that ends the process", () => {
  it.each([
    ['process.exit(0)', /^error CLI_ENDED: /m],
    [
      'setTimeout(() => { throw new Error("boom") }, 5); await new Promise((resolve) => setTimeout(resolve, 60_000))',
      /^error Error: boom$/m,
    ],
    [
      'Promise.reject(new Error("boom")); await new Promise((resolve) => setTimeout(resolve, 60_000))',
      /^error Error: boom$/m,
    ],
  ])('in a handler (%s) ends with 1, and tells how to resume', (code, error) => {
    write('ends.mjs', module(`export default workflow('ends', '1.0.0').node('a', async () => { ${code} }).build()`))
    const { code: exit, out, err } = waystone('run', 'ends.mjs', '--run-id', `ends ${String(error)} ${code.length}`)
    expect(exit).toBe(exitCodes.error)
    expect(err).toMatch(error)
    expect(err).toMatch(/^resume with: waystone resume --workflow ends\.mjs /m)
    expect(out).toBe('')
  })

  it.each(['process.exit(0)', 'await new Promise(() => undefined)'])(
    'while it is imported (%s) is no success',
    (code) => {
      write('ends.mjs', code)
      expect(waystone('run', 'ends.mjs', '--json')).toMatchObject({
        code: exitCodes.error,
        out: expect.stringMatching(/^\{"type":"error","exitCode":1,"error":\{"code":"CLI_ENDED",/),
      })
    },
  )
})
