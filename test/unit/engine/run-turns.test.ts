import { describe, expect, it } from 'vitest'
import { RunTurns } from '../../../src/engine/run-turns.ts'
import { deferred, guardRejections, tick } from '../../helpers/run-control.ts'

guardRejections()

describe('turns', () => {
  it('are taken in order for one run, and beside each other for different ones', async () => {
    const turns = new RunTurns()
    const gates = [deferred(), deferred()]
    const begun: string[] = []
    const one = turns.take('a', () => {
      begun.push('a1')
      return gates[0]!.promise
    })
    const two = turns.take('a', async () => void begun.push('a2'))
    const other = turns.take('b', async () => void begun.push('b1'))
    await tick()
    expect(begun).toEqual(['a1', 'b1'])
    gates[0]!.resolve()
    await Promise.all([one, two, other])
    expect(begun).toEqual(['a1', 'b1', 'a2'])
  })

  it('go on after one that fails, whose failure is its own', async () => {
    const turns = new RunTurns()
    const failing = turns.take('a', async () => {
      throw new Error('x')
    })
    const next = turns.take('a', async () => 2)
    await expect(failing).rejects.toThrow('x')
    expect(await next).toBe(2)
    expect(await turns.take('a', async () => 3)).toBe(3)
  })

  it('are idle when all asked for so far are done, failed ones too', async () => {
    const turns = new RunTurns()
    const gate = deferred()
    let isIdle = false
    turns.take('a', () => gate.promise)
    turns
      .take('a', async () => {
        throw new Error('x')
      })
      .catch(() => undefined)
    const idle = turns.idle().then(() => {
      isIdle = true
    })
    await tick()
    expect(isIdle).toBe(false)
    gate.resolve()
    await idle
    await turns.idle()
  })
})
