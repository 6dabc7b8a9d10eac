import type { NodeStatus, RunStatus } from '../../run/state.ts'

const CODES = { green: 32, red: 31, yellow: 33, cyan: 36, magenta: 35, gray: 90 } as const

const colorOf: Readonly<Record<NodeStatus | RunStatus, keyof typeof CODES>> = {
  pending: 'gray',
  running: 'cyan',
  retrying: 'yellow',
  waiting: 'yellow',
  paused: 'yellow',
  quarantined: 'red',
  completed: 'green',
  failed: 'red',
  skipped: 'gray',
  canceled: 'magenta',
  interrupted: 'yellow',
}

/** A status word in its colour, or as it is. */
export function colored(status: NodeStatus | RunStatus, hasColor: boolean): string {
  return hasColor ? `\u001b[${CODES[colorOf[status]]}m${status}\u001b[39m` : status
}

/** A word of our own in bold and a colour, or as it is. */
export function bold(word: string, color: keyof typeof CODES, hasColor: boolean): string {
  return hasColor ? `\u001b[1;${CODES[color]}m${word}\u001b[22;39m` : word
}
