// Reads how many cases tests went through from what they printed, and holds the numbers against their floors.

/** Adds up the lines `count <name>: <n>` of an output. */
export function readCounts(output, counts = new Map()) {
  for (const [, name, cases] of output.matchAll(/^count (.+): (\d+)\r?$/gm))
    counts.set(name, (counts.get(name) ?? 0) + Number(cases))
  return counts
}

/** Floors that were missed or never counted, and counts that have no floor yet. */
export function compareCounts(counts, floors) {
  return {
    problems: Object.entries(floors).flatMap(([name, floor]) => {
      const cases = counts.get(name)
      if (cases === undefined) return [`"${name}" was never counted; its floor in test/floors.json is ${floor}`]
      return cases < floor ? [`"${name}" ran ${cases} cases; its floor in test/floors.json is ${floor}`] : []
    }),
    notes: [...counts]
      .filter(([name]) => !Object.hasOwn(floors, name))
      .map(([name, cases]) => `"${name}" ran ${cases} cases and has no floor in test/floors.json`),
  }
}
