#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { assertNever, WaystoneError } from '../base/errors.ts'
import { parseArgs } from './args.ts'
import type { CommandContext, Host } from './commands/command.ts'
import { type CompileCacheHost, keepCompiledCode } from './compile-cache.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import type { Invocation } from './invocation.ts'
import { type Io, processIo, writeError } from './io.ts'

/** The command line: asks what is wanted, loads that command alone, and ends with its exit code. */
async function main(argv: readonly string[], io: Io, host: Host): Promise<number> {
  const notes: string[] = []
  try {
    const parsed = parseArgs(argv, packageVersion())
    if (parsed.kind === 'text') {
      io.out(parsed.text)
      return exitCodes.done
    }
    return await runCommand(parsed.invocation, { io, host, notes })
  } catch (error) {
    const code = exitCodeOf(error)
    writeError(io, error, code)
    for (const note of notes) io.err(`note: ${note}\n`)
    return code
  }
}

/** Each command is loaded when it is asked for, so that `--help` loads none. */
async function runCommand(invocation: Invocation, context: CommandContext): Promise<number> {
  switch (invocation.command) {
    case 'run':
      return (await import('./commands/run.ts')).run(invocation, context)
    case 'resume':
      return (await import('./commands/resume.ts')).resume(invocation, context)
    case 'ls':
      return (await import('./commands/ls.ts')).ls(invocation, context)
    case 'show':
      return (await import('./commands/show.ts')).show(invocation, context)
    case 'save':
      return (await import('./commands/save.ts')).save(invocation, context)
    case 'validate':
      return (await import('./commands/validate.ts')).validate(invocation, context)
    case 'graph':
      return (await import('./commands/graph.ts')).graph(invocation, context)
    case 'plan':
      return (await import('./commands/plan.ts')).plan(invocation, context)
    case 'inspect':
      return (await import('./commands/inspect.ts')).inspect(invocation, context)
    case 'why':
      return (await import('./commands/why.ts')).why(invocation, context)
    case 'watch':
      return (await import('./commands/watch.ts')).watch(invocation, context)
    case 'history':
      return (await import('./commands/history.ts')).history(invocation, context)
    case 'signal':
    case 'answer':
      return (await import('./commands/signal.ts')).signal(invocation, context)
    case 'token':
      return (await import('./commands/token.ts')).token(invocation, context)
    case 'cancel':
      return (await import('./commands/cancel.ts')).cancel(invocation, context)
    case 'retry':
      return (await import('./commands/retry.ts')).retry(invocation, context)
    case 'skip':
      return (await import('./commands/change.ts')).skip(invocation, context)
    case 'set':
      return (await import('./commands/change.ts')).set(invocation, context)
    case 'unset':
      return (await import('./commands/change.ts')).unset(invocation, context)
    default:
      return assertNever(invocation, 'command')
  }
}

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return version
}

/** The process, and a guard at its end: a workflow's code that ends it must not look like a command that is done. */
function guardedHost(io: Io): Host {
  let isExpected = false
  const host: Host = {
    lastWords: null,
    on: (signal, listener) => process.on(signal, listener),
    off: (signal, listener) => process.off(signal, listener),
    exit: (code) => {
      isExpected = true
      process.exit(code)
    },
  }
  process.on('exit', () => {
    if (isExpected) return
    const message = "the process ended before the command did: the workflow's code ended it, or waits for nothing"
    writeError(io, new WaystoneError('CLI_ENDED', message), exitCodes.error)
    if (host.lastWords !== null) io.err(`${host.lastWords}\n`)
    process.exitCode = exitCodes.error
  })
  return host
}

/** A reader that leaves (`| head`) is no failure of the command; a run goes on without it. */
function ignoreClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  }
}

/** What code of a workflow throws where nobody can catch it ends the process like any error: with one line, and exit code 1. */
function failLoudly(io: Io, host: Host): void {
  process.on('uncaughtException', (error) => {
    writeError(io, error, exitCodes.error)
    if (host.lastWords !== null) io.err(`${host.lastWords}\n`)
    host.exit(exitCodes.error)
  })
}

/** Waits until what was written is handed over; a workflow's open handles keep the process no longer than that. */
async function flushed(stream: NodeJS.WriteStream): Promise<void> {
  await new Promise<void>((resolve) => {
    stream.write('', () => resolve())
  })
}

// Before any command is loaded, since code loaded before is not kept.
keepCompiledCode(nodeModule as CompileCacheHost, process.env)
const argv = process.argv.slice(2)
// Read before the command line is understood, since an error in it is written accordingly.
const io = processIo(process, { isVerbose: argv.includes('--verbose'), isJson: argv.includes('--json') })
const host = guardedHost(io)
ignoreClosedPipes()
failLoudly(io, host)
// Not awaited here: Node has a warning of its own for a module that never gets past its top-level await.
void main(argv, io, host).then(async (code) => {
  await Promise.all([flushed(process.stdout), flushed(process.stderr)])
  host.exit(code)
})
