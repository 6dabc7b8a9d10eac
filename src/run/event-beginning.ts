import type { RecordedEvent } from './recorded-event.ts'

/** Text that JSON writes as it is, between quotes. */
const UNESCAPED = /^[ !#-[\]-~]*$/

/**
 * What writes the beginnings of the texts of a run's events, as `eventText` does; with a node, up to behind its id. What is
 * the same in neighbours, as in those of one turn, is made once.
 */
export function beginnings(runId: string): (seq: number, at: number, type: string, nodeId: string | null) => string {
  const runIdText = JSON.stringify(runId)
  let ofAt: number | null = null
  let ofType: string | null = null
  let envelope = ''
  let withNode = ''
  return (seq, at, type, nodeId) => {
    if (at !== ofAt || type !== ofType) {
      envelope = `,"runId":${runIdText},"at":${at},"type":${JSON.stringify(type)},`
      withNode = `${envelope}"data":{"nodeId":`
      ofAt = at
      ofType = type
    }
    if (nodeId === null) return `{"seq":${seq}${envelope}`
    return `{"seq":${seq}${withNode}${UNESCAPED.test(nodeId) ? `"${nodeId}"` : JSON.stringify(nodeId)},`
  }
}

/** The data of an event of a node whose text begins so and ends with a brace, see `EventCursor`; null for any other text. */
export function dataAfter(
  beginning: ReturnType<typeof beginnings>,
  { seq, at, type, nodeId, text }: RecordedEvent,
): string | null {
  if (nodeId === null) return null
  const start = beginning(seq, at, type, nodeId)
  // Compared as a whole, since `startsWith` goes character by character.
  return text.slice(0, start.length) === start && text.endsWith('}') ? text.slice(start.length, -1) : null
}
