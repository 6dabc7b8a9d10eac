import { Option } from 'commander'
import { type AddCommand, codeOf, globalsOf, notEmpty, options } from './options.ts'

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
}
