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

/** More than the kernel says of a process in one file; it gives all of it at once. */
const MAX_TEXT_BYTES = 4096

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
export function isKnownDead(other: ProcessIdentity, self: ProcessIdentity): boolean {
  const { place, startTime } = self
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

/** Whether a process is known to live: of those this machine can tell nothing of, none is. */
export function isKnownAlive(other: ProcessIdentity, self: ProcessIdentity): boolean {
  if (other.place !== self.place || bootOf(other) === '' || other.startTime === null) return false
  return startTimeOf(other.pid) === other.startTime && !isZombie(other.pid)
}

/** Whether the system is known not to have stopped since a process ran: what it wrote is in the page cache at least. */
export function isFromThisBoot(other: ProcessIdentity, self: ProcessIdentity): boolean {
  return bootOf(other) !== '' && bootOf(other) === bootOf(self)
}

/** Whether two identities are of one process. */
export function isSameProcess(a: ProcessIdentity, b: ProcessIdentity): boolean {
  return a.pid === b.pid && a.place === b.place && a.startTime === b.startTime
}

function bootOf({ place }: ProcessIdentity): string {
  return place.split(' ')[1] ?? ''
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
    // Of the functions that read a file, these the store calls anyway: no other has to be compiled for what it asks first.
    const fd = fs.openSync(path, 'r')
    try {
      const bytes = Buffer.alloc(MAX_TEXT_BYTES)
      return bytes.toString('latin1', 0, fs.readSync(fd, bytes)).trim()
    } finally {
      fs.closeSync(fd)
    }
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
