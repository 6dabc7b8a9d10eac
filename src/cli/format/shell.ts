import { DEFAULT_STORE } from '../options.ts'
import { printable } from './printable.ts'

/** An argument as a POSIX shell takes it back, without signs that would act on the terminal it is shown on. */
export function shellQuoted(argument: string): string {
  if (/^[\w./:@%+=,-]+$/.test(argument)) return argument
  // A substitution drops line breaks at the end, so such an argument can only stand as it is.
  if (printable(argument) === argument || argument.endsWith('\n')) return `'${argument.replaceAll("'", "'\\''")}'`
  const bytes = Buffer.from(argument, 'utf8')
  const format = [...bytes].map((byte) => (isPlain(byte) ? String.fromCharCode(byte) : octal(byte))).join('')
  return `"$(printf '${format}')"`
}

/** Whether a byte of a format for `printf` stands for itself: a letter, a digit or a mark without a meaning. */
function isPlain(byte: number): boolean {
  return /^[\w./:@+=, -]$/.test(String.fromCharCode(byte))
}

function octal(byte: number): string {
  return `\\${byte.toString(8).padStart(3, '0')}`
}

/** What a command that takes a run up needs to be told. */
export interface RunFiles {
  readonly runId: string
  /** As it was given; the default one is left out. */
  readonly store: string
  /** The workflow file, when its code is needed again; null when the recorded graph is enough. */
  readonly workflowFile: string | null
  /** The file of the registry, when it is needed again. */
  readonly registryFile: string | null
}

/**
 * A command on a run, to be typed again: `waystone resume r1`.
 * @param more - arguments after the run
 */
export function hintCommand(
  command: string,
  { runId, store, workflowFile, registryFile }: RunFiles,
  ...more: readonly string[]
): string {
  const words = ['waystone', command]
  if (store !== DEFAULT_STORE) words.push('--store', shellQuoted(store))
  if (workflowFile !== null) words.push('--workflow', shellQuoted(workflowFile))
  if (registryFile !== null) words.push('--registry', shellQuoted(registryFile))
  if ([runId, ...more].some((argument) => argument.startsWith('-'))) words.push('--')
  return [...words, ...[runId, ...more].map(shellQuoted)].join(' ')
}
