import { createHash } from 'node:crypto'

/** Longest encoded id that stands in a folder name as it is; file systems allow 255 bytes. */
const MAX_PLAIN = 120

/** Names of files and folders that are being deleted. */
export const DELETED_PREFIX = 'deleted-'

const LOG_SUFFIX = '.log'

/**
 * The name of a run's folder, and of its log without `.log`: different for different ids, on file systems that ignore case and those that normalise
 * Unicode too, and never a path. Ids too long for a name are hashed; their log tells the id.
 *
 * Shape: `run-order%2d42` · `hash-<64 hex digits>`
 */
export function runName(runId: string): string {
  let name = 'run-'
  for (let index = 0; index < runId.length && name.length <= MAX_PLAIN; index++) {
    const unit = runId.charCodeAt(index)
    if ((unit >= 0x61 && unit <= 0x7a) || (unit >= 0x30 && unit <= 0x39) || unit === 0x2d || unit === 0x5f) {
      name += runId[index]
    } else {
      name += unit < 0x100 ? `%${unit.toString(16).padStart(2, '0')}` : `%u${unit.toString(16).padStart(4, '0')}`
    }
  }
  if (name.length <= MAX_PLAIN) return name
  return `hash-${createHash('sha256').update(Buffer.from(runId, 'utf16le')).digest('hex')}`
}

/** The name of a run's log. */
export function logName(name: string): string {
  return name + LOG_SUFFIX
}

/** The name of the run a file is the log of; null when it is none. */
export function nameOfLog(fileName: string): string | null {
  return fileName.endsWith(LOG_SUFFIX) ? fileName.slice(0, -LOG_SUFFIX.length) : null
}

/** The run id of a name; null when it is hashed; undefined when it is no run's. */
export function runIdOf(name: string): string | null | undefined {
  if (/^hash-[0-9a-f]{64}$/.test(name)) return null
  if (!name.startsWith('run-')) return undefined
  const runId = name
    .slice(4)
    .replace(/%(?:u([0-9a-f]{4})|([0-9a-f]{2}))/g, (_, wide: string | undefined, narrow: string | undefined) =>
      String.fromCharCode(Number.parseInt(wide ?? narrow ?? '', 16)),
    )
  return runName(runId) === name ? runId : undefined
}
