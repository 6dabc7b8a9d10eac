import type { Invocation } from '../args.ts'
import type { Execution } from '../execute.ts'
import type { Io } from '../io.ts'

/** What a command works with beside its arguments. */
export interface CommandContext {
  readonly io: Io
  readonly host: Execution['host']
}

/** The arguments of one command. */
export type ArgsOf<Name extends Invocation['command']> = Extract<Invocation, { readonly command: Name }>
