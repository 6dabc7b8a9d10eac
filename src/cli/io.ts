import { isWaystoneError } from '../base/errors.ts'
import type { Logger } from '../base/ports.ts'
import type { NodeStatus, RunStatus } from '../run/state.ts'
import { bold, colored } from './format/color.ts'
import { fitLine } from './format/fit-line.ts'
import { nameText, printable, printableJson, printableLines } from './format/printable.ts'

const ERASE_LINE = '\r\u001b[2K'
/** Width taken for a terminal that does not say how wide it is, in columns. */
const DEFAULT_COLUMNS = 80
const DEFAULT_ROWS = 24

/** Where a command writes; tests hand in one that keeps the text. */
export interface Io {
  /** Results, to standard output. */
  out(text: string): void
  /** A JSON text as a result; signs that would act on a terminal as escapes of JSON. */
  json(text: string): void
  /** Notes and errors, to standard error; whole lines. */
  err(text: string): void
  /**
   * Shows one line at the foot of a terminal, over the one before it; null takes it away. What else is written comes above
   * it. Without a terminal nothing is shown.
   */
  status(line: string | null): void
  /**
   * Shows a picture of lines on the terminal results go to, over the one before it; no line wraps, and lines that do not fit the
   * screen are left out at the end. Only with `canDraw`, and with nothing else written meanwhile.
   */
  draw(lines: readonly DrawnLine[]): void
  /** Size of the terminal results go to, in columns and lines, as it is now. */
  readonly size: () => { readonly columns: number; readonly rows: number }
  /** Whether there is a terminal to draw on. */
  readonly canDraw: boolean
  /** Whether results go to a terminal. */
  readonly isOutTerminal: boolean
  /** Whether results, and notes, may be coloured: a terminal, and NO_COLOR is not set. */
  readonly hasOutColor: boolean
  readonly hasErrColor: boolean
  /** Whether there is a terminal to show a status line on. */
  readonly canRewrite: boolean
  /** Whether errors come with their stack. */
  readonly isVerbose: boolean
  /** Whether results and errors are written as JSON. */
  readonly isJson: boolean
}

/** A printable line of a picture, with a status word in it to be coloured; null for none. */
export interface DrawnLine {
  readonly text: string
  readonly status: { readonly word: NodeStatus | RunStatus; readonly offset: number } | null
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
  /** Width of the terminal. */
  readonly columns?: number
  /** Its height in lines. */
  readonly rows?: number
  write(text: string): unknown
}

/** The standard streams. Colours and rewriting only on a terminal; NO_COLOR (not empty) and TERM=dumb are respected. */
export function processIo({ stdout, stderr, env }: IoHost, asked: Pick<Io, 'isVerbose' | 'isJson'>): Io {
  const isPlain = (env['NO_COLOR'] ?? '') !== ''
  const isDumb = env['TERM'] === 'dumb'
  const canRewrite = stderr.isTTY === true && !isDumb && !asked.isJson
  let shown: string | null = null
  const hasOutColor = stdout.isTTY === true && !isPlain && !isDumb
  /** Lines of the picture that is drawn. */
  let drawn = 0
  const size = () => ({ columns: stdout.columns || DEFAULT_COLUMNS, rows: stdout.rows || DEFAULT_ROWS })

  /** Writes to a stream with the status line out of the way, when they share the terminal. */
  const write = (stream: IoStream, text: string) => {
    if (shown === null || stream.isTTY !== true) return void stream.write(text)
    stderr.write(ERASE_LINE)
    stream.write(text)
    stderr.write(shown)
  }
  return {
    out: (text) => write(stdout, text),
    json: (text) => write(stdout, printableJson(text)),
    err: (text) => write(stderr, text),
    status: (line) => {
      if (!canRewrite || (line === null && shown === null)) return
      // One column less than there are: a full line would wrap, and could not be taken away any more.
      shown = line === null ? null : fitLine(printable(line), (stderr.columns || DEFAULT_COLUMNS) - 1)
      stderr.write(`${ERASE_LINE}${shown ?? ''}`)
    },
    draw: (lines) => {
      const { columns, rows } = size()
      // Neither the last column nor the last line is used: the terminal would wrap or scroll.
      const fitting = lines.slice(0, Math.max(1, rows - 1))
      const up = drawn === 0 ? '' : `\u001b[${drawn}A`
      drawn = fitting.length
      const text = fitting.map((line) => `${drawnText(line, columns - 1, hasOutColor)}\n`).join('')
      stdout.write(`${up}${up === '' ? '' : '\r\u001b[0J'}${text}`)
    },
    size,
    canDraw: stdout.isTTY === true && !isDumb && !asked.isJson,
    isOutTerminal: stdout.isTTY === true,
    hasOutColor,
    hasErrColor: stderr.isTTY === true && !isPlain && !isDumb,
    canRewrite,
    ...asked,
  }
}

/** A line cut to a width, its status word in its colour when all of it is there. */
export function drawnText({ text, status }: DrawnLine, columns: number, hasColor: boolean): string {
  const line = fitLine(text, columns)
  if (status === null || !hasColor || line.slice(status.offset, status.offset + status.word.length) !== status.word)
    return line
  const end = status.offset + status.word.length
  return `${line.slice(0, status.offset)}${colored(status.word, true)}${line.slice(end)}`
}

/**
 * Writes an error as `error CODE: message` to standard error, its stack only when asked for. With JSON, standard output gets
 * it too, as `{"type":"error","exitCode":…,"error":{"code":…,"message":…,"details":…}}`.
 */
export function writeError(io: Io, error: unknown, exitCode: number): void {
  io.status(null)
  errorLine(io, codeOf(error), messageOf(error))
  if (io.isJson) io.json(`${JSON.stringify({ type: 'error', exitCode, error: errorJson(error) })}\n`)
  if (!io.isVerbose) return
  for (let cause = error, depth = 0; cause instanceof Error && depth < 16; cause = cause.cause, depth += 1) {
    io.err(`${printableLines(cause.stack ?? messageOf(cause))}\n`)
  }
}

/** Writes one line that names an error: `error CODE: message`. */
export function errorLine(io: Io, code: string, message: string): void {
  io.err(`${bold('error', 'red', io.hasErrColor)} ${printable(code)}: ${printableLines(message)}\n`)
}

/** The notices of the engine and the log lines of nodes as notes: `info fetch: 3 rows`; debug lines only when verbose. */
export function ioLogger(io: Io): Logger {
  const line = (level: string) => (message: string, details?: object) => {
    const { nodeId, error } = (details ?? {}) as { readonly nodeId?: unknown; readonly error?: unknown }
    const from = typeof nodeId === 'string' ? ` ${nameText(nodeId, 100)}` : ''
    // What the engine itself logs as an error is thrown too; said twice, it is a warning the first time.
    const shown = level === 'error' && from === '' ? 'warning' : level
    io.err(`${shown}${from}: ${printableLines(message)}\n`)
    if (io.isVerbose && error instanceof Error) io.err(`${printableLines(error.stack ?? messageOf(error))}\n`)
  }
  const silent = () => undefined
  return {
    debug: io.isVerbose ? line('debug') : silent,
    info: line('info'),
    warn: line('warning'),
    error: line('error'),
  }
}

/** What was thrown as text; a throw may bring anything, even what can't be made a text. */
export function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? String(error.message) : String(error)
  } catch {
    return 'something that can not be shown as text'
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'Error'
  const { code, name } = error as { readonly code?: unknown; readonly name: unknown }
  return typeof code === 'string' ? code : String(name)
}

/** Details of an error of another's are left out: they may be anything. */
function errorJson(error: unknown): object {
  const { details } = (error ?? {}) as { readonly details?: unknown }
  return { code: codeOf(error), message: messageOf(error), ...(isWaystoneError(error) ? { details } : {}) }
}
