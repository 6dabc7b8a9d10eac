/**
 * A key that is the same over all attempts and resumes of a node in a run, and of no other node or run:
 * hand it to whatever must happen once.
 *
 * Shape: `waystone/<run id>/<node id>`; `%` and `/` in the run id are escaped, so no two pairs share a key.
 */
export function idempotencyKey(runId: string, nodeId: string): string {
  const run = runId.replaceAll('%', '%25').replaceAll('/', '%2F')
  return `waystone/${run}/${nodeId}`
}
