import { isThenable } from './report.ts'

/**
 * Calls a function of the user's that nothing depends on.
 * @param report - gets what the function throws, or what the promise it returns is rejected with
 */
export function callSafely(call: () => unknown, report: (error: unknown) => void): void {
  try {
    const returned = call()
    if (isThenable(returned)) returned.then(undefined, report)
  } catch (error) {
    report(error)
  }
}
