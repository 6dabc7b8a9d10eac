import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { UsageError } from '../base/errors.ts'
import { exitCodesText } from './exit-codes.ts'

/** Where runs are kept when nobody says. */
export const DEFAULT_STORE = '.waystone'

/** Options of every command. */
export interface GlobalOptions {
  /** Machine-readable output: one JSON document, or JSON lines for `run` and `resume`. */
  readonly json: boolean
  /** Errors with their stacks. */
  readonly verbose: boolean
}

/** One command as it was asked for. */
export type Invocation = GlobalOptions &
  (
    | {
        readonly command: 'run'
        readonly file: string
        readonly input: string | null
        readonly store: string
        readonly runId: string | null
        readonly registry: string | null
        readonly concurrency: number | null
      }
    | {
        readonly command: 'resume'
        readonly runId: string
        readonly store: string
        readonly workflow: string | null
        readonly registry: string | null
        readonly concurrency: number | null
        readonly acceptChange: boolean
      }
    | { readonly command: 'ls'; readonly store: string }
    | { readonly command: 'show'; readonly subject: string; readonly store: string }
    | {
        readonly command: 'save'
        readonly runId: string
        readonly store: string
        readonly output: string
        readonly compress: boolean
      }
    | { readonly command: 'validate'; readonly file: string; readonly registry: string | null }
    | { readonly command: 'graph'; readonly subject: string; readonly store: string }
    | {
        readonly command: 'plan'
        readonly subject: string
        readonly store: string
        readonly workflow: string | null
        readonly registry: string | null
        readonly acceptChange: boolean
      }
  )

/** What a command line asks for: a command, or text to show (help, the version). */
export type Parsed =
  | { readonly kind: 'command'; readonly invocation: Invocation }
  | { readonly kind: 'text'; readonly text: string }

interface Flags extends Partial<GlobalOptions> {
  readonly store: string
  readonly input?: string
  readonly runId?: string
  readonly workflow?: string
  readonly registry?: string
  readonly concurrency?: number
  readonly acceptChange?: boolean
  readonly output: string
  readonly compress?: boolean
}

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
    throw new UsageError('USAGE', `${error.message.replace(/^error: /, '')}; see waystone --help`)
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

  /** Adds a command; `invocationOf` makes it from its argument, when it has one, and its options. */
  const add = (
    usage: string,
    description: string,
    invocationOf: (argument: string, flags: Flags) => Invocation,
  ): Command => {
    const command = program
      .command(usage)
      .description(description)
      .configureHelp({ showGlobalOptions: true })
      .allowExcessArguments(false)
    return command.action(() => {
      ask(invocationOf(command.args[0] ?? '', command.optsWithGlobals<Flags>()))
    })
  }
  const store = () =>
    new Option('--store <dir>', 'the folder runs are kept in').argParser(notEmpty).default(DEFAULT_STORE)
  const workflow = () => new Option('--workflow <file>', 'the workflow file, for its code').argParser(notEmpty)
  const registry = () =>
    new Option('--registry <file>', 'a module that exports a registry, for node types without code').argParser(notEmpty)
  const concurrency = () =>
    new Option('--concurrency <n>', 'most nodes at once (default: 16, or what the run was begun with)').argParser(
      positive,
    )
  const acceptChange = () => new Option('--accept-change', 'go on although the workflow has changed')
  const globals = ({ json = false, verbose = false }: Flags): GlobalOptions => ({ json, verbose })

  add('run <file>', 'run a workflow file (.json, or a module such as .js or .ts)', (file, flags) => ({
    ...globals(flags),
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
    .addOption(registry())
    .addOption(concurrency())
    .addOption(store())

  add('resume <run>', 'take a run up where it stopped; completed nodes are not run again', (runId, flags) => ({
    ...globals(flags),
    command: 'resume',
    runId,
    store: flags.store,
    workflow: flags.workflow ?? null,
    registry: flags.registry ?? null,
    concurrency: flags.concurrency ?? null,
    acceptChange: flags.acceptChange === true,
  }))
    .addOption(workflow())
    .addOption(registry())
    .addOption(acceptChange())
    .addOption(concurrency())
    .addOption(store())

  add('ls', 'list the runs', (_, flags) => ({ ...globals(flags), command: 'ls', store: flags.store })).addOption(
    store(),
  )

  add('show <run-or-file>', 'show a run, a snapshot or a workflow', (subject, flags) => ({
    ...globals(flags),
    command: 'show',
    subject,
    store: flags.store,
  })).addOption(store())

  add('save <run>', 'write a run down as a snapshot', (runId, flags) => ({
    ...globals(flags),
    command: 'save',
    runId,
    store: flags.store,
    output: flags.output,
    compress: flags.compress === true,
  }))
    .addOption(
      new Option('-o, --output <file>', 'the file to write; - for standard output')
        .argParser(notEmpty)
        .makeOptionMandatory(),
    )
    .option('--compress', 'write gzip')
    .addOption(store())

  add('validate <file>', 'list every problem of a workflow file or a snapshot', (file, flags) => ({
    ...globals(flags),
    command: 'validate',
    file,
    registry: flags.registry ?? null,
  })).addOption(registry())

  add('graph <run-or-file>', 'draw a run, a snapshot or a workflow as a Mermaid flowchart', (subject, flags) => ({
    ...globals(flags),
    command: 'graph',
    subject,
    store: flags.store,
  })).addOption(store())

  add('plan <run-or-file>', 'say what would run, node by node, and why', (subject, flags) => ({
    ...globals(flags),
    command: 'plan',
    subject,
    store: flags.store,
    workflow: flags.workflow ?? null,
    registry: flags.registry ?? null,
    acceptChange: flags.acceptChange === true,
  }))
    .addOption(workflow())
    .addOption(registry())
    .addOption(acceptChange())
    .addOption(store())

  return program
}

function notEmpty(value: string): string {
  if (value === '') throw new InvalidArgumentError('It is empty.')
  return value
}

function positive(value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new InvalidArgumentError('A whole number of 1 or more is expected.')
  return Number(value)
}
