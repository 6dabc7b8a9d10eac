/** What a node with one upstream works on: that upstream's output; with several, the inputs by upstream id. */
export function soleInput(inputs: Readonly<Record<string, unknown>>): unknown {
  const ids = Object.keys(inputs)
  return ids.length === 1 ? inputs[ids[0]!] : inputs
}
