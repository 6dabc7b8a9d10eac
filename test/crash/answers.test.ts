import { afterAll, describe, expect, it } from 'vitest'
import { fileStore } from '../../src/store/file/file-store.ts'
import { count } from '../helpers/count.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'
import { type Child, startChild } from './child.ts'

const children: Child[] = []
afterAll(() => Promise.all(children.map((child) => child.kill())))

/** Processes that share a store in a folder. */
async function processes(folder: string, many: number): Promise<readonly Child[]> {
  const started = Array.from({ length: many }, () => startChild('answering-process.ts', [folder]))
  children.push(...started)
  for (const child of started) expect(await child.nextLine()).toBe('ready')
  return started
}

async function ask(child: Child, line: string): Promise<string | null> {
  child.send(line)
  return child.nextLine()
}

/** Sends an answer until it is recorded: another process may hold the run for a moment. */
async function answer(child: Child, line: string): Promise<void> {
  for (let said = await ask(child, line); said !== 'recorded'; said = await ask(child, line)) {
    expect(said).toBe('STORE_HELD')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** How often facts of a type are in the log of a run. */
async function factsOf(folder: string, runId: string, wanted: string): Promise<readonly (string | null)[]> {
  const store = fileStore(folder)
  const nodes: (string | null)[] = []
  for await (const { type, nodeId } of store.events(runId)) if (type === wanted) nodes.push(nodeId)
  await store.close()
  return nodes
}

describe('a run that waits for two answers', () => {
  it.each([
    ['first', 'second', ['a', 'b']],
    ['second', 'first', ['b', 'a']],
  ])('takes one from a process that is killed and one from another: the %s, then the %s', async (order, _, [x, y]) => {
    const folder = temporaryFolder()
    const [starter, one, two] = (await processes(folder, 3)) as [Child, Child, Child]
    expect(await ask(starter, 'start r')).toBe('waiting')
    await starter.kill()
    await answer(one, `answer r ${x} 1 ${order}`)
    await one.kill()
    await answer(two, `answer r ${y} 2 ${order}-2`)
    let end = await ask(two, 'end r')
    for (; end === 'STORE_HELD'; end = await ask(two, 'end r')) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(end).toBe('completed 3')
    expect(await factsOf(folder, 'r', 'node.completed')).toEqual([x, y, 'sum'])
    await two.kill()
  })
})

describe('three processes that share a file store', () => {
  it('answer twenty waiting runs, each once, also when all send every answer', async () => {
    const folder = temporaryFolder()
    const all = await processes(folder, 3)
    const runs = Array.from({ length: 20 }, (_, index) => `run-${index}`)
    await Promise.all(
      all.map(async (child, own) => {
        for (const [index, runId] of runs.entries()) {
          if (index % 3 === own) expect(await ask(child, `start ${runId}`)).toBe('waiting')
        }
      }),
    )
    await Promise.all(
      all.map(async (child, own) => {
        // Each in an order of its own, so that they meet.
        const order = own === 1 ? runs.toReversed() : runs
        for (const runId of order) {
          await answer(child, `answer ${runId} a 1 a`)
          await answer(child, `answer ${runId} b 2 b`)
        }
      }),
    )
    for (const runId of runs) {
      const [child] = all as [Child]
      let end = await ask(child, `end ${runId}`)
      for (; end === 'STORE_HELD'; end = await ask(child, `end ${runId}`))
        await new Promise((resolve) => setTimeout(resolve, 5))
      expect(end).toBe('completed 3')
      expect(await factsOf(folder, runId, 'signal.received')).toHaveLength(2)
      expect((await factsOf(folder, runId, 'node.completed')).toSorted()).toEqual(['a', 'b', 'sum'])
    }
    count('runs answered by three processes', runs.length)
  })
})
