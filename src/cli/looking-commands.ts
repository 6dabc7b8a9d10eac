import { InvalidArgumentError, Option } from 'commander'
import { type AddCommand, codeOf, collected, globalsOf, notEmpty, options, positive, wholeNumber } from './options.ts'

/** Adds the commands that look at runs and files, and change nothing. */
export function addLookingCommands(add: AddCommand): void {
  add('ls', 'list the runs', (flags) => ({
    ...globalsOf(flags),
    command: 'ls',
    store: flags.store,
  })).addOption(options.store())

  add('show <run-or-file>', 'show a run, a snapshot or a workflow', (flags, subject = '') => ({
    ...globalsOf(flags),
    command: 'show',
    subject,
    store: flags.store,
  })).addOption(options.store())

  add('save <run>', 'write a run down as a snapshot', (flags, runId = '') => ({
    ...globalsOf(flags),
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
    .addOption(options.store())

  add('validate <file>', 'list every problem of a workflow file or a snapshot', (flags, file = '') => ({
    ...globalsOf(flags),
    command: 'validate',
    file,
    registry: flags.registry ?? null,
  })).addOption(options.registry())

  add('graph <run-or-file>', 'draw a run, a snapshot or a workflow as a Mermaid flowchart', (flags, subject = '') => ({
    ...globalsOf(flags),
    command: 'graph',
    subject,
    store: flags.store,
  })).addOption(options.store())

  add('plan <run-or-file>', 'say what would run, node by node, and why', (flags, subject = '') => ({
    ...globalsOf(flags),
    command: 'plan',
    subject,
    store: flags.store,
    ...codeOf(flags),
  }))
    .addOption(options.workflow())
    .addOption(options.registry())
    .addOption(options.acceptChange())
    .addOption(options.store())

  add('inspect <run-or-file>', 'say what each node that has not ended waits for', (flags, subject = '') => ({
    ...globalsOf(flags),
    command: 'inspect',
    subject,
    store: flags.store,
    workflow: flags.workflow ?? null,
    registry: flags.registry ?? null,
  }))
    .addOption(options.workflow())
    .addOption(options.registry())
    .addOption(options.store())

  add(
    'why <run-or-file> <node...>',
    'say why a node ran, was skipped, failed or waits',
    (flags, subject = '', ...node) => ({
      ...globalsOf(flags),
      command: 'why',
      subject,
      node,
      store: flags.store,
      workflow: flags.workflow ?? null,
      registry: flags.registry ?? null,
    }),
  )
    .addOption(options.workflow())
    .addOption(options.registry())
    .addOption(options.store())

  add('watch <run>', 'show a run live, until it has ended', (flags, runId = '') => ({
    ...globalsOf(flags),
    command: 'watch',
    runId,
    store: flags.store,
    isOnce: flags.once === true,
  }))
    .option('--once', 'look once, and end')
    .addOption(options.store())

  add('history <run>', 'list the events of a run, or say where it stood after one', (flags, runId = '') => ({
    ...globalsOf(flags),
    command: 'history',
    runId,
    store: flags.store,
    filter: {
      types: flags.type ?? null,
      nodes: flags.node ?? null,
      from: flags.from ?? null,
      to: flags.to ?? null,
      after: flags.after ?? null,
      limit: flags.limit ?? null,
    },
    at: flags.at ?? null,
  }))
    .addOption(
      new Option(
        '--type <type>',
        'events of a type, such as node.failed, node. or *.completed; again for more',
      ).argParser(collected),
    )
    .addOption(
      new Option('--node <id>', 'events of a node, in a nested run /outer/inner; again for more').argParser(collected),
    )
    .addOption(new Option('--from <time>', 'events from a time on, as ISO 8601 or in epoch ms').argParser(instant))
    .addOption(new Option('--to <time>', 'events up to a time').argParser(instant))
    .addOption(new Option('--after <seq>', 'events after a sequence').argParser(wholeNumber))
    .addOption(new Option('--limit <n>', 'most events (default: 100)').argParser(positive))
    .addOption(new Option('--at <seq>', 'where the run stood after the event of a sequence').argParser(wholeNumber))
    .addOption(options.store())
}

/** An instant as people write it, in epoch ms. */
function instant(value: string): number {
  const at = /^-?\d+$/.test(value) ? Number(value) : Date.parse(value)
  if (Number.isNaN(at)) throw new InvalidArgumentError('A time such as 2026-01-31T09:00:00Z is expected.')
  return at
}
