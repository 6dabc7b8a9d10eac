import type { WaitRequest } from '../run/wait.ts'

/** What a built-in handler returns to let its node wait, instead of a result. */
class Suspension {
  readonly wait: WaitRequest

  constructor(wait: WaitRequest) {
    this.wait = wait
  }
}

/** Lets the node wait. Nothing of the attempt goes on meanwhile: the end of the wait is the end of the node. */
export function suspend(wait: WaitRequest): unknown {
  return new Suspension(wait)
}

/** The wait a handler asked for; null when it returned a result. */
export function suspensionOf(returned: unknown): WaitRequest | null {
  return returned instanceof Suspension ? returned.wait : null
}
