import fs from 'node:fs'
import os from 'node:os'

/** Which process this is, so that another on the same machine can tell whether it still lives. */
export interface ProcessIdentity {
  readonly pid: number
  /** Host, boot and process namespace: only within one of these does a pid mean something. */
  readonly place: string
  /** When the process started, in the kernel's ticks; null where that can not be read. A pid is reused, the pair is not. */
  readonly startTime: string | null
}

let own: ProcessIdentity | null = null

/** The identity of this process. */
export function ownProcess(): ProcessIdentity {
  own ??= {
    pid: process.pid,
    place: [os.hostname(), textOf('/proc/sys/kernel/random/boot_id'), linkOf('/proc/self/ns/pid')].join(' '),
    startTime: startTimeOf(process.pid),
  }
  return own
}

/**
 * Whether a process is known to have ended. False when it lives, and when this machine can not tell: it ran on another
 * host, before the last boot, or in another container.
 */
export function isKnownDead(other: ProcessIdentity): boolean {
  const { place, startTime } = ownProcess()
  if (other.place !== place) return false
  try {
    process.kill(other.pid, 0)
  } catch (error) {
    // ESRCH: no such process. EPERM: there is one, of another user.
    return error instanceof Error && (error as { readonly code?: unknown }).code === 'ESRCH'
  }
  if (startTime === null || other.startTime === null) return false
  const present = startTimeOf(other.pid)
  return present !== null && (present !== other.startTime || isZombie(other.pid))
}

/** Whether an identity is this process. */
export function isOwnProcess(other: ProcessIdentity): boolean {
  const { pid, place, startTime } = ownProcess()
  return other.pid === pid && other.place === place && other.startTime === startTime
}

/** Field 22 of /proc/<pid>/stat; the name in field 2 can hold spaces and parentheses, so count from its last one. */
function startTimeOf(pid: number): string | null {
  return statFields(pid)?.[19] ?? null
}

/** An ended process whose parent has not asked for its exit code yet still has its pid, but writes nothing any more. */
function isZombie(pid: number): boolean {
  const state = statFields(pid)?.[0]
  return state === 'Z' || state === 'X'
}

function statFields(pid: number): readonly string[] | null {
  const stat = textOf(`/proc/${pid}/stat`)
  return stat === '' ? null : stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function textOf(path: string): string {
  try {
    return fs.readFileSync(path, 'latin1').trim()
  } catch {
    // Not Linux, or no such process: the caller takes the empty text as "unknown".
    return ''
  }
}

function linkOf(path: string): string {
  try {
    return fs.readlinkSync(path)
  } catch {
    return ''
  }
}
