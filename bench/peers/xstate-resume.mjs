// xstate: the persisted snapshot of an actor as JSON in a file; the promise that was under way is invoked again.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createActor, toPromise } from 'xstate'
import { chainOf } from './xstate.mjs'

/** A chain only: each state has one way on. */
export const shape = 'chain'

export async function leave({ folder }, graph) {
  const actor = createActor(
    chainOf(graph.upstreams.length, (values) => graph.run(values), {
      last: () => {
        writeFileSync(join(folder, 'actor.json'), JSON.stringify(actor.getPersistedSnapshot()))
        graph.crash()
      },
    }),
  )
  actor.start()
  await toPromise(actor)
}

export async function prepareTakeUp({ folder }, graph) {
  const machine = chainOf(graph.upstreams.length, (values) => graph.run(values), { last: () => graph.last() })
  return () => {
    const snapshot = JSON.parse(readFileSync(join(folder, 'actor.json'), 'utf8'))
    const actor = createActor(machine, { snapshot })
    actor.start()
    return toPromise(actor)
  }
}
