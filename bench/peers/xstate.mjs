// xstate: a machine with a state per node, which invokes a promise and keeps what it gave in the context.
import { assign, createActor, fromPromise, setup, toPromise } from 'xstate'
import { checksum, step } from '../suite/graphs.mjs'

/** A chain only: each state has one way on. */
export function prepare(upstreams) {
  const size = upstreams.length
  const work = fromPromise(async ({ input }) => step(input))
  const states = Object.fromEntries(
    upstreams.map((_, index) => [
      `n${index}`,
      {
        invoke: {
          src: 'work',
          input: ({ context }) => (index === 0 ? [] : [context.results[index - 1]]),
          onDone: {
            target: index === size - 1 ? 'done' : `n${index + 1}`,
            // Kept by pushing: a copy of all results for each state would be the benchmark's cost, not the library's.
            actions: assign(({ context, event }) => {
              context.results.push(event.output)
              return {}
            }),
          },
        },
      },
    ]),
  )
  const machine = setup({ actors: { work } }).createMachine({
    id: 'bench',
    initial: 'n0',
    context: () => ({ results: [] }),
    states: { ...states, done: { type: 'final' } },
    output: ({ context }) => checksum(context.results),
  })
  return () => {
    const actor = createActor(machine)
    actor.start()
    return toPromise(actor)
  }
}
