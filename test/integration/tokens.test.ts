import { describe, expect, it } from 'vitest'
import {
  createEngine,
  type Engine,
  loadSnapshot,
  memoryStore,
  serialize,
  waitForSignal,
  workflow,
} from '../../src/index.ts'
import { ManualClock } from '../helpers/manual-clock.ts'
import { guardRejections, recordingLogger, tick } from '../helpers/run-control.ts'

guardRejections()

const flow = workflow('ask')
  .node('yes', waitForSignal({ name: 'n', schema: { type: 'boolean' } }))
  .node('more', ['yes'], waitForSignal({ name: 'n' }))
  .build()

/** A run that waits, in a store and on a clock. */
async function waiting(runId = 'r') {
  const store = memoryStore()
  const clock = new ManualClock(0)
  const engine = (owner: string): Engine =>
    createEngine({ store, clock, owner, workflows: [flow], logger: recordingLogger() })
  const one = engine('one')
  await (await one.start(flow, undefined, { runId })).result
  const waitId = (await one.snapshot(runId)).nodes['yes']!.wait!.id
  return { store, clock, engine, one, runId, waitId }
}

const rest = async () => {
  for (let round = 0; round < 20; round += 1) await tick()
}

const refused = { code: 'TOKEN_INVALID', details: {} }

describe('a token', () => {
  it('lets its holder answer its wait, once', async () => {
    const { engine, one, runId, waitId } = await waiting()
    const token = await one.issueToken(runId, waitId)
    expect(encodeURIComponent(token)).toBe(token)
    const two = engine('two')
    await two.answerToken(token, true)
    await rest()
    expect((await one.snapshot(runId)).results).toEqual({ yes: true })
    await expect(two.answerToken(token, true)).rejects.toMatchObject(refused)
  })

  it('is recorded nowhere, and its digest in the run alone', async () => {
    const { store, one, runId, waitId } = await waiting()
    const token = await one.issueToken(runId, waitId, { expiresInMs: 1_000 })
    const texts: string[] = []
    for await (const { text } of store.events(runId)) texts.push(text)
    const secret = token.split('.')[1]!
    expect(texts.some((text) => text.includes(secret))).toBe(false)
    expect(JSON.parse(texts.at(-1)!)).toMatchObject({
      type: 'token.issued',
      data: { waitId, digest: expect.stringMatching(/^[0-9a-f]{64}$/), expiresAt: 1_000 },
    })
    expect(serialize(await one.snapshot(runId))).not.toContain(secret)
  })

  it('has another secret each time, and each is good until one was used', async () => {
    const { one, runId, waitId } = await waiting()
    const tokens = [await one.issueToken(runId, waitId), await one.issueToken(runId, waitId)]
    expect(new Set(tokens).size).toBe(2)
    await one.answerToken(tokens[1]!, false)
    await expect(one.answerToken(tokens[0]!, true)).rejects.toMatchObject(refused)
    await rest()
    expect(Object.keys((await one.snapshot(runId)).document.tokens ?? {})).toEqual([])
  })

  it('is held against the schema of its wait, and stays good when the payload is not', async () => {
    const { one, runId, waitId } = await waiting()
    const token = await one.issueToken(runId, waitId)
    await expect(one.answerToken(token, 'yes')).rejects.toMatchObject({ code: 'SIGNAL_INVALID' })
    await one.answerToken(token, true)
  })

  it('expires', async () => {
    const { clock, one, runId, waitId } = await waiting()
    const token = await one.issueToken(runId, waitId, { expiresInMs: 1_000 })
    const other = await one.issueToken(runId, waitId, { expiresInMs: 1_001 })
    clock.advance(1_000)
    await expect(one.answerToken(token, true)).rejects.toMatchObject(refused)
    await one.answerToken(other, true)
  })

  it('survives a snapshot and what is taken up from it', async () => {
    const { one, runId, waitId } = await waiting()
    await one.issueToken(runId, waitId, { expiresInMs: 1_000 })
    const text = serialize(await one.snapshot(runId))
    const { tokens } = JSON.parse(text)
    expect(Object.values(tokens)).toEqual([{ waitId, expiresAt: '1970-01-01T00:00:01.000Z' }])
    expect(loadSnapshot(text, flow).saveSnapshot().document.tokens).toEqual(tokens)
  })

  it('that is not good is refused by one and the same error, and says nothing of the run', async () => {
    const { store, engine, one, runId, waitId } = await waiting()
    const token = await one.issueToken(runId, waitId)
    const [ids, secret] = token.split('.') as [string, string]
    const idsOf = (text: string) => btoa(text).replaceAll('=', '')
    const forged = [
      '',
      '.',
      ids,
      `${ids}.`,
      `${token}.`,
      `${token}x`,
      `${ids}.${'A'.repeat(secret.length)}`,
      `${idsOf('["no such run","w3"]')}.${secret}`,
      `${idsOf(`["r","w99"]`)}.${secret}`,
      `${idsOf('["",""]')}.${secret}`,
      `${idsOf('{"a":1}')}.${secret}`,
      `${idsOf('no JSON')}.${secret}`,
      `__proto__.${secret}`,
      'x'.repeat(1_000_000),
      5,
      null,
    ]
    const messages = new Set<string>()
    for (const given of forged) {
      const error = await engine('two')
        .answerToken(given as string, true)
        .then(
          () => null,
          (thrown: Error) => thrown,
        )
      expect(error, String(given).slice(0, 50)).toMatchObject(refused)
      messages.add(error!.message)
    }
    // Not even that somebody holds the run.
    const { claim } = await store.claim(runId, { owner: 'someone', leaseMs: 1_000, now: 0 })
    await expect(engine('two').answerToken(`${token}x`, true)).rejects.toMatchObject(refused)
    await expect(engine('two').answerToken(token, true)).rejects.toMatchObject({ code: 'STORE_HELD' })
    await store.release(claim)
    await one.cancel(runId)
    await expect(one.answerToken(token, true)).rejects.toMatchObject(refused)
    expect(messages.size).toBe(1)
  })

  it('is issued for open waits alone', async () => {
    const { one, runId, waitId } = await waiting()
    await expect(one.issueToken(runId, 'w99')).rejects.toMatchObject({ code: 'WAIT_UNKNOWN' })
    await expect(one.issueToken('no such run', waitId)).rejects.toMatchObject({ code: 'STORE_NOT_FOUND' })
    for (const expiresInMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      await expect(one.issueToken(runId, waitId, { expiresInMs })).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
    await one.answer(runId, waitId, true)
    await rest()
    await expect(one.issueToken(runId, waitId)).rejects.toMatchObject({ code: 'WAIT_UNKNOWN' })
  })

  it('is issued while the run executes, and for a run of any name', async () => {
    const clock = new ManualClock(0)
    const name = '__proto__/ü "\u{1f600}'
    const engine = createEngine({ store: memoryStore(), clock, workflows: [flow] })
    const tokens: Promise<string>[] = []
    const { result, executor } = await engine.start(flow, undefined, { runId: name })
    executor.on('node.waiting', ({ data }) => void tokens.push(engine.issueToken(name, data.wait.id)))
    await result
    await engine.answerToken(await tokens[0]!, true)
    await rest()
    expect((await engine.snapshot(name)).completedNodes).toEqual(['yes'])
  })
})
