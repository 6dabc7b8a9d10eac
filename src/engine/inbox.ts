import type { RunCommand } from '../run/command.ts'
import type { RunScope } from './run-scope.ts'

/**
 * What became of attempts, and of which run of the tree each was, first in first out. Emptied it keeps its room: arrays made
 * anew for every turn were a fifth of what a chain of nodes allocates.
 */
export class Inbox {
  readonly #commands: (RunCommand | undefined)[] = []
  readonly #scopes: (RunScope | undefined)[] = []
  /** How many of them are taken, and how many there are with those. */
  #taken = 0
  #size = 0

  get isEmpty(): boolean {
    return this.#taken === this.#size
  }

  add(scope: RunScope, command: RunCommand): void {
    this.#scopes[this.#size] = scope
    this.#commands[this.#size] = command
    this.#size += 1
  }

  /** The run the next one is of; not of an empty box. */
  get scope(): RunScope {
    return this.#scopes[this.#taken]!
  }

  /** Takes the next one; not of an empty box. */
  take(): RunCommand {
    const command = this.#commands[this.#taken]!
    // It is not kept from being collected.
    this.#commands[this.#taken] = undefined
    this.#taken += 1
    if (this.#taken === this.#size) this.#taken = this.#size = 0
    return command
  }
}
