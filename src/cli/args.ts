import { Command, CommanderError, Option } from 'commander'
import { UsageError } from '../base/errors.ts'
import { addChangingCommands } from './changing-commands.ts'
import { exitCodesText } from './exit-codes.ts'
import type { Invocation } from './invocation.ts'
import { addLookingCommands } from './looking-commands.ts'
import { type AddCommand, codeOf, type Flags, globalsOf, notEmpty, options } from './options.ts'

/** What a command line asks for: a command, or text to show (help, the version). */
export type Parsed =
  | { readonly kind: 'command'; readonly invocation: Invocation }
  | { readonly kind: 'text'; readonly text: string }

/**
 * What a command line asks for; runs nothing.
 * @param argv - the arguments after the name of the command
 * @throws {UsageError} USAGE
 */
export function parseArgs(argv: readonly string[], version: string): Parsed {
  let invocation: Invocation | null = null
  let text = ''
  const program = createProgram(version, (asked) => {
    invocation = asked
  })
  const write = (part: string) => {
    text += part
  }
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({ writeOut: write, writeErr: write, outputError: () => undefined })
  }
  if (argv.length === 0) {
    throw new UsageError(
      'USAGE',
      `expected a command: ${program.commands.map((command) => command.name()).join(', ')}; see waystone --help`,
    )
  }
  try {
    program.parse([...argv], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return { kind: 'text', text }
    const asked = program.commands.find((command) => argv.includes(command.name()))
    const help = asked === undefined ? 'waystone --help' : `waystone help ${asked.name()}`
    // Its suggestions stand on a line of their own.
    const message = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ')
    throw new UsageError('USAGE', `${message}; see ${help}`)
  }
  if (invocation === null) return { kind: 'text', text: program.helpInformation() }
  return { kind: 'command', invocation }
}

/**
 * The commands and their options.
 * @param ask - gets what a command line asks for
 */
export function createProgram(version: string, ask: (invocation: Invocation) => void): Command {
  const program = new Command('waystone')
    .description('Runs workflows, writes runs down, and takes them up again.')
    .version(version)
    .option('--json', 'results and errors as JSON')
    .option('--verbose', 'errors with their stacks, and the debug lines of nodes')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', `\n${exitCodesText()}`)
    .helpCommand('help [command]', 'explain a command')

  const add: AddCommand = (usage, description, invocationOf) => {
    const command = program
      .command(usage)
      .description(description)
      .configureHelp({ showGlobalOptions: true })
      .allowExcessArguments(false)
    return command.action(() => {
      ask(invocationOf(command.optsWithGlobals<Flags>(), ...command.args))
    })
  }

  add('run <file>', 'run a workflow file (.json, or a module such as .js or .ts)', (flags, file = '') => ({
    ...globalsOf(flags),
    command: 'run',
    file,
    input: flags.input ?? null,
    store: flags.store,
    runId: flags.runId ?? null,
    registry: flags.registry ?? null,
    concurrency: flags.concurrency ?? null,
  }))
    .option('--input <json>', "the run's input as JSON, or @file")
    .addOption(new Option('--run-id <id>', 'the id of the run; default a new one').argParser(notEmpty))
    .addOption(options.registry())
    .addOption(options.concurrency())
    .addOption(options.store())

  add('resume <run>', 'take a run up where it stopped; completed nodes are not run again', (flags, runId = '') => ({
    ...globalsOf(flags),
    command: 'resume',
    runId,
    store: flags.store,
    ...codeOf(flags),
    concurrency: flags.concurrency ?? null,
  }))
    .addOption(options.workflow())
    .addOption(options.registry())
    .addOption(options.acceptChange())
    .addOption(options.concurrency())
    .addOption(options.store())

  addLookingCommands(add)
  addChangingCommands(add)
  return program
}
