import { Option } from 'commander'
import { UsageError } from '../base/errors.ts'
import { type AddCommand, codeOf, collected, type Flags, globalsOf, notEmpty, noteOf, options } from './options.ts'

/** Adds the commands that reach a run from outside. */
export function addChangingCommands(add: AddCommand): void {
  const text = () => new Option('--text', 'it is a text, not JSON')
  const key = () => new Option('--key <key>', 'of signals with the same key a run takes one').argParser(notEmpty)
  const delivery = (flags: Flags, runId = '', payload?: string) => ({
    ...globalsOf(flags),
    ...codeOf(flags),
    runId,
    store: flags.store,
    payload: { given: payload ?? null, isText: flags.text === true },
    key: flags.key ?? null,
    concurrency: flags.concurrency ?? null,
  })

  for (const [command, argument, description] of [
    ['signal', '<name>', 'send a run a signal, and go on with it when it waits for that'],
    ['answer', '<wait-id>', 'answer one wait of a run, and go on with the run'],
  ] as const) {
    add(`${command} <run> ${argument} [payload]`, description, (flags, runId, name = '', payload) => {
      const given = delivery(flags, runId, payload)
      return command === 'signal' ? { ...given, command, name } : { ...given, command, waitId: name }
    })
      .addOption(text())
      .addOption(key())
      .addOption(options.workflow())
      .addOption(options.registry())
      .addOption(options.acceptChange())
      .addOption(options.concurrency())
      .addOption(options.store())
  }

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

  add('skip <run> <node>', 'skip a node that has not ended', (flags, runId = '', nodeId = '') => ({
    ...globalsOf(flags),
    ...noteOf(flags),
    command: 'skip',
    runId,
    store: flags.store,
    nodeId,
  }))
    .addOption(options.by())
    .addOption(options.why())
    .addOption(options.store())

  add(
    'set <run> [node] [value]',
    'give a node its result, or with --variable a variable its value',
    (flags, runId = '', ...rest) => {
      const { variable } = flags
      const [nodeId, given] = variable === undefined ? rest : [undefined, ...rest]
      if (rest.length !== (variable === undefined ? 2 : 1)) throw setUsage(variable, rest.length)
      if (variable !== undefined && flags.handle !== undefined)
        throw new UsageError('USAGE', '--handle is for the result of a node; leave it out with --variable')
      return {
        ...globalsOf(flags),
        ...noteOf(flags),
        command: 'set',
        runId,
        store: flags.store,
        nodeId: nodeId ?? null,
        variable: variable ?? null,
        value: { given: given ?? null, isText: flags.text === true },
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
      ? 'set expects a run, a node and a value: set <run> <node> <value>'
      : 'set expects a run and a value with --variable: set <run> --variable <name> <value>'
  const got = count === 1 ? '1 argument' : `${count} arguments`
  return new UsageError('USAGE', `${expected}; got ${got} after the run; see waystone help set`)
}
