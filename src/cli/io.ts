import type { Logger } from '../base/ports.ts'
import { printable, printableLines } from './format/printable.ts'

/** Where a command writes; tests hand in one that keeps the text. */
export interface Io {
  /** Results, to standard output. */
  out(text: string): void
  /** Progress, notes and errors, to standard error. */
  err(text: string): void
  /** Whether results, and notes, may be coloured: a terminal, and NO_COLOR is not set. */
  readonly hasOutColor: boolean
  readonly hasErrColor: boolean
  /** Whether one line of notes can be written over again. */
  readonly canRewrite: boolean
  /** Whether errors come with their stack. */
  readonly isVerbose: boolean
}

/** What `processIo` reads of the host. */
export interface IoHost {
  readonly stdout: IoStream
  readonly stderr: IoStream
  readonly env: Readonly<Record<string, string | undefined>>
}

/** What of a stream is used. */
export interface IoStream {
  readonly isTTY?: boolean
  write(text: string): unknown
}

/** The standard streams. Colours and rewriting only on a terminal; NO_COLOR (not empty) and TERM=dumb are respected. */
export function processIo({ stdout, stderr, env }: IoHost, isVerbose: boolean): Io {
  const isPlain = (env['NO_COLOR'] ?? '') !== ''
  const isDumb = env['TERM'] === 'dumb'
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    hasOutColor: stdout.isTTY === true && !isPlain && !isDumb,
    hasErrColor: stderr.isTTY === true && !isPlain && !isDumb,
    canRewrite: stderr.isTTY === true && !isDumb,
    isVerbose,
  }
}

/** Writes an error as `error CODE: message`, its stack only when asked for. */
export function writeError(io: Io, error: unknown): void {
  io.err(`error ${codeOf(error)}: ${printableLines(messageOf(error))}\n`)
  if (!io.isVerbose) return
  for (let cause = error, depth = 0; cause instanceof Error && depth < 16; cause = cause.cause, depth += 1) {
    io.err(`${printableLines(cause.stack ?? String(cause))}\n`)
  }
}

/** The engine's notices as lines of notes. */
export function ioLogger(io: Io): Logger {
  const line = (level: string) => (message: string, details?: object) => {
    io.err(`${level}: ${printableLines(message)}\n`)
    if (!io.isVerbose || details === undefined) return
    const { error } = details as { readonly error?: unknown }
    if (error instanceof Error) io.err(`${printableLines(error.stack ?? String(error))}\n`)
  }
  const silent = () => undefined
  return { debug: silent, info: silent, warn: line('warning'), error: line('warning') }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'NODE_FAILED'
  const { code } = error as { readonly code?: unknown }
  return printable(typeof code === 'string' ? code : error.name)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
