import type { Handler } from '../../workflow/handler.ts'

/** Gives its inputs as an object by upstream id. */
export const join: Handler = (inputs) => inputs
