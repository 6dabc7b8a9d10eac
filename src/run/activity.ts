/** How many attempts are under way in a run and in all that are nested in it. */
export class Activity {
  running = 0
  readonly #parent: Activity | null

  constructor(parent: Activity | null) {
    this.#parent = parent
  }

  add(count: number): void {
    this.running += count
    for (let at = this.#parent; at !== null; at = at.#parent) at.running += count
  }
}
