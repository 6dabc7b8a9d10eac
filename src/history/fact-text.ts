/** What the text of every fact has before its sequence, its run, its time and, in a nested run, its path. */
const HEAD = '{"seq":,"runId":,"at":'.length

const PATH = ',"path":'
const TYPE = ',"type":"'
const NONE: readonly string[] = Object.freeze([])

/**
 * Ids of the nodes that lead to the run a fact is of, from its text, which is not read any further: the facts of most runs
 * have no path, and their texts may be long. Empty for a fact of the run itself, and for a text that is none of a fact.
 * @param runIdLength - length of the JSON text of the id of the run
 */
export function factPath(text: string, seq: number, runIdLength: number, at: number): readonly string[] {
  const start = HEAD + String(seq).length + runIdLength + String(at).length
  if (!text.startsWith(PATH, start)) return NONE
  // A quote inside an id is escaped, so this can not stand in one.
  const end = text.indexOf(TYPE, start)
  try {
    const path: unknown = JSON.parse(text.slice(start + PATH.length, end))
    return Array.isArray(path) && path.every((id) => typeof id === 'string') ? path : NONE
  } catch {
    // Whoever reads the fact is told that it is damaged.
    return NONE
  }
}

const RUN_ID = '"runId":'
const AT = ',"at":'

/** The id of the run a fact is of, from its text; empty for a text that is none of a fact. */
export function runIdIn(text: string): string {
  const start = text.indexOf(RUN_ID)
  const end = text.indexOf(AT, start)
  try {
    const runId: unknown = JSON.parse(text.slice(start + RUN_ID.length, end))
    return typeof runId === 'string' ? runId : ''
  } catch {
    return ''
  }
}
