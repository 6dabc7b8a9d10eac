/**
 * A key that is the same over all attempts and resumes of a node in a run, and of no other node or run:
 * hand it to whatever must happen once. An item of a map node and a visit of a repeated one have keys of their own.
 *
 * Shape: `waystone/<run id>/<node id>`, `waystone-item/<run id>/<node id>/<key>`, `waystone-visit/<run id>/<node id>/<visit>`;
 * `%` and `/` are escaped in all parts but the last, so no two of them share a key.
 */
export function idempotencyKey(runId: string, nodeId: string, item: string | null = null, visit = 1): string {
  if (item !== null) return `waystone-item/${escaped(runId)}/${escaped(nodeId)}/${item}`
  if (visit > 1) return `waystone-visit/${escaped(runId)}/${escaped(nodeId)}/${visit}`
  return `waystone/${escaped(runId)}/${nodeId}`
}

function escaped(part: string): string {
  return part.replaceAll('%', '%25').replaceAll('/', '%2F')
}
