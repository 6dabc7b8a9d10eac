import { type Command, InvalidArgumentError, Option } from 'commander'
import { parseDuration } from '../base/duration.ts'
import { isWaystoneError, UsageError } from '../base/errors.ts'
import { counted } from './format/counted.ts'
import { type AddCommand, codeOf, collected, type Flags, globalsOf, notEmpty, noteOf, options } from './options.ts'

/** Adds the commands that reach a run from outside. */
export function addChangingCommands(add: AddCommand): void {
  const text = () => new Option('--text', 'it is a text, not JSON')
  const key = () => new Option('--key <key>', 'of signals with the same key a run takes one').argParser(notEmpty)
  const delivery = (flags: Flags, payload: string | undefined) => ({
    ...globalsOf(flags),
    ...codeOf(flags),
    store: flags.store,
    payload: { given: payload ?? null, isText: flags.text === true },
  })

  const finish = (command: Command) =>
    command
      .addOption(options.workflow())
      .addOption(options.registry())
      .addOption(options.acceptChange())
      .addOption(options.store())

  finish(
    add(
      'signal <run> <name> [payload]',
      'send a run a signal, and go on with it when it waits for that',
      (flags, runId = '', name = '', payload: string | undefined) => ({
        ...delivery(flags, payload),
        command: 'signal',
        runId,
        name,
        key: flags.key ?? null,
      }),
    )
      .addOption(text())
      .addOption(key()),
  )

  finish(
    add('answer [run] [wait-id] [payload]', 'answer one wait of a run, and go on with the run', (flags, ...args) => {
      const { token } = flags
      const most = token === undefined ? 3 : 1
      if (args.length > most || (token === undefined && args.length < 2)) throw answerUsage(token, args.length)
      if (token === undefined) {
        const [runId = '', waitId = '', payload] = args
        return { ...delivery(flags, payload), command: 'answer', runId, waitId, key: flags.key ?? null }
      }
      if (flags.key !== undefined)
        throw new UsageError('USAGE', '--key is not for a token, which is good once anyhow; leave it out')
      return { ...delivery(flags, args[0]), command: 'answer', token }
    })
      .addOption(
        new Option('--token <token>', 'a token for the wait, in the place of run and wait; or @file, or -').argParser(
          notEmpty,
        ),
      )
      .addOption(text())
      .addOption(key()),
  )

  add(
    'token <run> <wait-id>',
    'make a token with which its holder may answer one wait',
    (flags, runId = '', waitId = '') => ({
      ...globalsOf(flags),
      command: 'token',
      runId,
      waitId,
      store: flags.store,
      expiresInMs: flags.expires ?? null,
    }),
  )
    .addOption(
      new Option(
        '--expires <duration>',
        'how long it is good, such as 30m or 2d (default: as long as the wait)',
      ).argParser(duration),
    )
    .addOption(options.store())

  add('cancel <run>', 'cancel a run for good', (flags, runId = '') => ({
    ...globalsOf(flags),
    command: 'cancel',
    runId,
    store: flags.store,
    why: flags.why ?? null,
    compensate: flags.compensate ?? null,
  }))
    .addOption(options.why())
    .addOption(
      new Option('--compensate', 'undo what its nodes did before it ends (default: as the run was started with)'),
    )
    .addOption(new Option('--no-compensate', 'end it at once, also when it compensates already').default(undefined))
    .addOption(options.store())

  add('retry <run>', 'try the failed nodes of a run again, and go on with it', (flags, runId = '') => ({
    ...globalsOf(flags),
    ...codeOf(flags),
    ...noteOf(flags),
    command: 'retry',
    runId,
    store: flags.store,
    nodes: flags.node ?? [],
  }))
    .addOption(new Option('--node <id>', 'only this node, and others named so (default: all)').argParser(collected))
    .addOption(options.by())
    .addOption(options.why())
    .addOption(options.workflow())
    .addOption(options.registry())
    .addOption(options.acceptChange())
    .addOption(options.store())

  add('skip <run> <node...>', 'skip a node that has not ended', (flags, runId = '', ...node) => ({
    ...globalsOf(flags),
    ...noteOf(flags),
    command: 'skip',
    runId,
    store: flags.store,
    node,
  }))
    .addOption(options.by())
    .addOption(options.why())
    .addOption(options.store())

  add(
    'set <run> <node-and-value...>',
    'give a node its result, or with --variable a variable its value',
    (flags, runId = '', ...rest) => {
      const { variable } = flags
      const node = rest.slice(0, -1)
      if (variable === undefined ? node.length === 0 : node.length > 0) throw setUsage(variable, rest.length)
      if (variable !== undefined && flags.handle !== undefined)
        throw new UsageError('USAGE', '--handle is for the result of a node; leave it out with --variable')
      return {
        ...globalsOf(flags),
        ...noteOf(flags),
        command: 'set',
        runId,
        store: flags.store,
        node: variable === undefined ? node : null,
        variable: variable ?? null,
        value: { given: rest.at(-1) ?? null, isText: flags.text === true },
        handles: flags.handle ?? null,
        workflow: flags.workflow ?? null,
      }
    },
  )
    .addOption(new Option('--variable <name>', 'the variable to set, in the place of a node'))
    .addOption(
      new Option(
        '--handle <name>',
        'an edge handle the node takes; may be given again (default: its result decides)',
      ).argParser(collected),
    )
    .addOption(text())
    .addOption(options.by())
    .addOption(options.why())
    .addOption(options.workflow())
    .addOption(options.store())

  add('unset <run>', 'delete a variable of a run', (flags, runId = '') => ({
    ...globalsOf(flags),
    ...noteOf(flags),
    command: 'unset',
    runId,
    store: flags.store,
    variable: flags.variable ?? '',
  }))
    .addOption(new Option('--variable <name>', 'the variable to delete').makeOptionMandatory())
    .addOption(options.by())
    .addOption(options.why())
    .addOption(options.store())
}

function setUsage(variable: string | undefined, count: number): UsageError {
  const expected =
    variable === undefined
      ? 'set expects a run, a node and a value: set <run> <node...> <value>'
      : 'set expects a run and a value with --variable: set <run> --variable <name> <value>'
  return new UsageError('USAGE', `${expected}; got ${counted(count, 'argument')} after the run; see waystone help set`)
}

function answerUsage(token: string | undefined, count: number): UsageError {
  const expected =
    token === undefined
      ? 'answer expects a run, a wait and a payload, if any: answer <run> <wait-id> [payload]'
      : 'answer expects a payload alone, if any, with --token: answer --token <token> [payload]'
  return new UsageError('USAGE', `${expected}; got ${counted(count, 'argument')}; see waystone help answer`)
}

function duration(value: string): number {
  try {
    const milliseconds = parseDuration(value)
    if (milliseconds > 0) return milliseconds
  } catch (error) {
    if (!isWaystoneError(error, 'ARGUMENT_INVALID')) throw error
  }
  throw new InvalidArgumentError('A duration above 0 is expected, such as 500ms, 30m or 1h30m.')
}
