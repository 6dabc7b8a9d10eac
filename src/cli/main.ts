#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { assertNever } from '../base/errors.ts'
import { type Invocation, parseArgs } from './args.ts'
import type { CommandContext } from './commands/command.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { type Io, processIo, writeError } from './io.ts'

/** The command line: asks what is wanted, loads that command alone, and ends with its exit code. */
async function main(argv: readonly string[]): Promise<number> {
  const io = processIo(process, argv.includes('--verbose'))
  ignoreClosedPipes()
  failLoudly(io)
  try {
    const parsed = parseArgs(argv, packageVersion())
    if (parsed.kind === 'text') {
      io.out(parsed.text)
      return exitCodes.done
    }
    return await runCommand(parsed.invocation, { io, host: process })
  } catch (error) {
    writeError(io, error)
    return exitCodeOf(error)
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

/** A reader that leaves (`| head`) is no failure of the command; a run goes on without it. */
function ignoreClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  }
}

/** What code of a workflow throws where nobody can catch it ends the process like any error: with one line, and exit code 1. */
function failLoudly(io: Io): void {
  process.on('uncaughtException', (error) => {
    writeError(io, error)
    process.exit(exitCodes.error)
  })
}

/** Waits until what was written is handed over; a workflow's open handles keep the process no longer than that. */
async function flushed(stream: NodeJS.WriteStream): Promise<void> {
  await new Promise<void>((resolve) => {
    stream.write('', () => resolve())
  })
}

const code = await main(process.argv.slice(2))
await Promise.all([flushed(process.stdout), flushed(process.stderr)])
process.exit(code)
