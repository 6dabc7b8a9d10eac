/** Adds up the lines `count <name>: <n>` of an output. */
export function readCounts(output: string, counts?: Map<string, number>): Map<string, number>

/** Floors that were missed or never counted, and counts that have no floor yet. */
export function compareCounts(
  counts: ReadonlyMap<string, number>,
  floors: Readonly<Record<string, number>>,
): { readonly problems: readonly string[]; readonly notes: readonly string[] }
