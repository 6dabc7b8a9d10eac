/**
 * Says how many cases a test went through, in a line that `npm run check` adds up and holds against `test/floors.json`.
 * A property that is thinned out, skipped or lost then fails the check, though every test passes.
 *
 * @param name - what was tried, the same words as in the floors file
 * @param cases - how many; counts of one name are added up
 */
export function count(name: string, cases: number): void {
  console.log(`count ${name}: ${cases}`)
}
