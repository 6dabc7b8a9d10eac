import type { Invocation } from '../invocation.ts'
import type { Io } from '../io.ts'
import type { SignalSource } from '../signals.ts'

/** The process a command runs in. */
export interface Host extends SignalSource {
  /** Ends the process at once. */
  exit(code: number): never
  /** What to tell should the process end before the command does; null for nothing. */
  lastWords: string | null
}

/** What a command works with beside its arguments. */
export interface CommandContext {
  readonly io: Io
  readonly host: Host
  /** What to tell after the error a command ends with: what to try instead. */
  readonly notes: string[]
}

/** The arguments of one command. */
export type ArgsOf<Name extends Invocation['command']> = Extract<Invocation, { readonly command: Name }>
