// xstate: a machine with a state per node, which invokes a promise and keeps what it gave in the context.
import { assign, createActor, fromPromise, setup, toPromise } from 'xstate'
import { checksum, step } from '../suite/graphs.mjs'

/**
 * The machine of a chain.
 * @param work - what each state's promise gives for the results before it
 * @param last - what a state after all others does, whose result does not count
 */
export function chainOf(size, work, { last } = {}) {
  const names = Array.from({ length: size }, (_, index) => `n${index}`)
  const states = Object.fromEntries(
    names.map((name, index) => [
      name,
      {
        invoke: {
          src: 'work',
          input: ({ context }) => (index === 0 ? [] : [context.results[index - 1]]),
          onDone: {
            target: names[index + 1] ?? (last === undefined ? 'done' : 'last'),
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
  if (last !== undefined) states.last = { invoke: { src: 'last', onDone: { target: 'done' } } }
  const actors = { work: fromPromise(async ({ input }) => work(input)), last: fromPromise(async () => last()) }
  return setup({ actors }).createMachine({
    id: 'bench',
    initial: 'n0',
    context: () => ({ results: [] }),
    states: { ...states, done: { type: 'final' } },
    output: ({ context }) => checksum(context.results),
  })
}

/** A chain only: each state has one way on. */
export function prepare(upstreams) {
  const machine = chainOf(upstreams.length, step)
  return () => {
    const actor = createActor(machine)
    actor.start()
    return toPromise(actor)
  }
}
