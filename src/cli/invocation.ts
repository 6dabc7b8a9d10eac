/** Options of every command. */
export interface GlobalOptions {
  /** Machine-readable output: one JSON document, or JSON lines for commands that execute or watch a run. */
  readonly json: boolean
  /** Errors with their stacks. */
  readonly verbose: boolean
}

/** The files that bring the code of a run, and whether it may have changed; null where none is given. */
export interface CodeOptions {
  readonly workflow: string | null
  readonly registry: string | null
  readonly acceptChange: boolean
}

/** Who asks for a change of a run, and why; null where nobody says. */
export interface NoteOptions {
  readonly by: string | null
  readonly why: string | null
}

/** A value as it stands on the command line. */
export interface GivenValue {
  /** JSON, or `@` and a file, or `-` for standard input; null: none was given. */
  readonly given: string | null
  /** Whether what is given, or read, is a text, and no JSON. */
  readonly isText: boolean
}

interface OnRun {
  readonly runId: string
  readonly store: string
}

interface OnSubject {
  /** A run of the store, or a file. */
  readonly subject: string
  readonly store: string
}

/** `signal` and `answer`: what a run waits for. */
interface Delivery extends OnRun, CodeOptions {
  readonly payload: GivenValue
  /** Of deliveries with the same key a run takes one; null: each is one of its own. */
  readonly key: string | null
}

/** Which events are listed; null where nobody says. */
export interface HistoryOptions {
  readonly types: readonly string[] | null
  /** Ids; one of a nested run as a JSON Pointer of the ids that lead to it. */
  readonly nodes: readonly string[] | null
  /** Epoch ms. */
  readonly from: number | null
  readonly to: number | null
  readonly after: number | null
  readonly limit: number | null
}

/** One command as it was asked for. */
export type Invocation = GlobalOptions &
  (
    | ({ readonly command: 'run' } & {
        readonly file: string
        readonly input: string | null
        readonly store: string
        readonly runId: string | null
        readonly registry: string | null
        readonly concurrency: number | null
      })
    | ({ readonly command: 'resume'; readonly concurrency: number | null } & OnRun & CodeOptions)
    | { readonly command: 'ls'; readonly store: string }
    | ({ readonly command: 'show' } & OnSubject)
    | ({ readonly command: 'save'; readonly output: string; readonly compress: boolean } & OnRun)
    | { readonly command: 'validate'; readonly file: string; readonly registry: string | null }
    | ({ readonly command: 'graph' } & OnSubject)
    | ({ readonly command: 'plan' } & OnSubject & CodeOptions)
    | ({ readonly command: 'inspect' } & OnSubject & Omit<CodeOptions, 'acceptChange'>)
    | ({ readonly command: 'why'; readonly node: readonly string[] } & OnSubject & Omit<CodeOptions, 'acceptChange'>)
    | ({ readonly command: 'watch'; readonly isOnce: boolean } & OnRun)
    | ({
        readonly command: 'history'
        readonly filter: HistoryOptions
        /** The sequence of the event after which the run is looked at; null: events are listed. */
        readonly at: number | null
      } & OnRun)
    | ({ readonly command: 'signal'; readonly name: string } & Delivery)
    | ({ readonly command: 'answer'; readonly waitId: string } & Delivery)
    | ({
        readonly command: 'answer'
        /** The token itself, or `@` and a file with it, or `-` for standard input. */
        readonly token: string
      } & Omit<Delivery, 'runId' | 'key'>)
    | ({ readonly command: 'token'; readonly waitId: string; readonly expiresInMs: number | null } & OnRun)
    | ({ readonly command: 'cancel'; readonly why: string | null; readonly compensate: boolean | null } & OnRun)
    | ({ readonly command: 'retry'; readonly nodes: readonly string[] } & OnRun & CodeOptions & NoteOptions)
    | ({ readonly command: 'skip'; readonly node: readonly string[] } & OnRun & NoteOptions)
    | ({
        readonly command: 'set'
        /** Its id, of a nested run after the ids that lead to it; null: a variable is set. */
        readonly node: readonly string[] | null
        readonly variable: string | null
        readonly value: GivenValue
        /** The handles of the edges the node takes; null: its result decides. */
        readonly handles: readonly string[] | null
        readonly workflow: string | null
      } & OnRun &
        NoteOptions)
    | ({ readonly command: 'unset'; readonly variable: string } & OnRun & NoteOptions)
  )
