import { describe, expect, it } from 'vitest'
import { exitCodes } from '../../src/cli/exit-codes.ts'
import { commandLine, packageFile } from '../helpers/command-line.ts'

const { write, waystone } = commandLine()

/** A workflow whose handlers need a client, and which undoes what it did; `ship` asks the client whether it works. */
const order = write(
  'order.mjs',
  `import { waitForSignal, workflow } from ${packageFile}
   const flow = (id) => workflow(id, '1.0.0')
     .node('charge', (_, ctx) => ctx.services.charge(), { compensation: (_, ctx) => console.error(ctx.services.refund()) })
   export default flow('order')
     .node('approved', ['charge'], waitForSignal({ name: 'approve' }))
     .node('ship', ['approved'], () => { throw new Error('no van') })
     .build()
   export const engineOptions = {
     services: { charge: () => 'charged 12', refund: () => 'refunded' },
     compensateOn: ['failure'],
   }`,
)

describe('engineOptions of a file of code', () => {
  it('bring services and settings to the runs of that file', () => {
    expect(waystone('run', order, '--run-id', 'r')).toMatchObject({ code: exitCodes.resumable })
    const { code, out, err } = waystone('signal', 'r', 'approve', '--workflow', order)
    expect(code).toBe(exitCodes.runFailed)
    expect(err).toContain('refunded')
    expect(err).toContain('compensated charge')
    // It has compensated, so nothing of it goes on.
    expect(out).not.toContain('resume with')
    expect(waystone('inspect', 'r').out).toContain('\n  the compensation of node "charge" completed in attempt 1\n')
    expect(waystone('plan', 'r').out).toContain('0 to run')
    const result = waystone('resume', 'r', '--workflow', order, '--json')
    expect(JSON.parse(result.out.trimEnd().split('\n').at(-1)!)).toMatchObject({
      status: 'failed',
      resumeCommand: null,
    })
  })

  it('may come with the registry of a JSON workflow', () => {
    const file = write(
      'priced.json',
      JSON.stringify({ id: 'priced', version: '1.0.0', nodes: [{ id: 'a', type: 'price' }], edges: [] }),
    )
    const registry = write(
      'prices.mjs',
      `import { createRegistry } from ${packageFile}
       export default createRegistry().register('price', (_, ctx) => ctx.services.price)
       export const engineOptions = { services: { price: 7 } }`,
    )
    expect(waystone('run', file, '--registry', registry).out).toContain('output: 7\n')
  })

  it.each([
    ['7', /^error CLI_FILE: engineOptions of the file ".*wrong.mjs" expects an object of options, got 7\n/],
    ['{ store: 1 }', /^error OPTION_UNKNOWN: engineOptions of the file ".*" has no option "store"; it has services, /],
    ['{ limits: { maxNodes: -1 } }', /^error ARGUMENT_INVALID: .*limits.maxNodes/],
  ])('that are %s are refused', (text, message) => {
    const wrong = write(
      'wrong.mjs',
      `import { workflow } from ${packageFile}
       export default workflow('w').node('a', () => 1).build()
       export const engineOptions = ${text}`,
    )
    const { code, err } = waystone('run', wrong)
    expect(code).toBe(exitCodes.error)
    expect(err).toMatch(message)
  })
})

describe('cancel', () => {
  it('ends a run that waits, for good', () => {
    waystone('run', order, '--run-id', 'c1')
    expect(waystone('cancel', 'c1', '--why', 'too dear')).toMatchObject({ code: 0, out: 'canceled run c1\n', err: '' })
    expect(waystone('show', 'c1').out).toMatch(/^status +canceled \(too dear\)$/m)
    expect(waystone('cancel', 'c1')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^error RUN_ENDED: /),
    })
    expect(waystone('cancel', 'nobody').code).toBe(exitCodes.notFound)
  })

  it('leaves what is to be undone to a resume, unless it is told not to', () => {
    waystone('run', order, '--run-id', 'c2')
    const { out } = waystone('cancel', 'c2', '--compensate')
    expect(out).toBe(
      'run c2 (paused) is canceled once it has compensated for what it did\nresume with: waystone resume c2\n',
    )
    const { code, err } = waystone('resume', 'c2', '--workflow', order)
    expect(code).toBe(exitCodes.runFailed)
    expect(err).toContain('refunded')
    waystone('run', order, '--run-id', 'c3')
    waystone('cancel', 'c3', '--compensate')
    const cut = waystone('cancel', 'c3', '--no-compensate', '--json')
    expect(JSON.parse(cut.out)).toMatchObject({ type: 'cancel', status: 'canceled', resumeCommand: null })
  })
})
