/** An argument as a POSIX shell takes it back. */
export function shellQuoted(argument: string): string {
  return /^[\w./:@%+=,-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`
}

/** What a resume needs to be told. */
export interface ResumeHint {
  readonly runId: string
  /** As it was given; the default one is left out. */
  readonly store: string
  readonly defaultStore: string
  /** The workflow file, when its code is needed again; null when the recorded graph is enough. */
  readonly workflowFile: string | null
}

/** The command that takes a run up again. */
export function resumeCommand({ runId, store, defaultStore, workflowFile }: ResumeHint): string {
  const words = ['waystone', 'resume']
  if (store !== defaultStore) words.push('--store', shellQuoted(store))
  if (workflowFile !== null) words.push('--workflow', shellQuoted(workflowFile))
  if (runId.startsWith('-')) words.push('--')
  return [...words, shellQuoted(runId)].join(' ')
}
