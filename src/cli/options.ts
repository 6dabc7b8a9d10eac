import { type Command, InvalidArgumentError, Option } from 'commander'
import type { CodeOptions, GlobalOptions, Invocation, NoteOptions } from './invocation.ts'

/** Where runs are kept when nobody says. */
export const DEFAULT_STORE = '.waystone'

/** What the options of all commands come to. */
export interface Flags extends Partial<GlobalOptions> {
  readonly store: string
  readonly input?: string
  readonly runId?: string
  readonly workflow?: string
  readonly registry?: string
  readonly concurrency?: number
  readonly acceptChange?: boolean
  readonly output: string
  readonly compress?: boolean
  readonly text?: boolean
  readonly once?: boolean
  readonly key?: string
  readonly token?: string
  readonly expires?: number
  readonly node?: readonly string[]
  readonly type?: readonly string[]
  readonly from?: number
  readonly to?: number
  readonly after?: number
  readonly limit?: number
  readonly at?: number
  readonly handle?: readonly string[]
  readonly variable?: string
  readonly compensate?: boolean
  readonly by?: string
  readonly why?: string
}

/** Adds a command; `invocationOf` makes it from its arguments and options. */
export type AddCommand = (
  usage: string,
  description: string,
  invocationOf: (flags: Flags, ...args: readonly string[]) => Invocation,
) => Command

/** Options that several commands have. */
export const options = {
  store: () => new Option('--store <dir>', 'the folder runs are kept in').argParser(notEmpty).default(DEFAULT_STORE),
  workflow: () => new Option('--workflow <file>', 'the workflow file, for its code').argParser(notEmpty),
  registry: () =>
    new Option('--registry <file>', 'a module that exports a registry, for node types without code').argParser(
      notEmpty,
    ),
  concurrency: () =>
    new Option('--concurrency <n>', 'most nodes at once (default: 16, or what the run was begun with)').argParser(
      positive,
    ),
  acceptChange: () => new Option('--accept-change', 'go on although the workflow has changed'),
  by: () => new Option('--by <name>', 'who asks for it; recorded'),
  why: () => new Option('--why <text>', 'why; recorded'),
}

/** The options of every command. */
export function globalsOf({ json = false, verbose = false }: Flags): GlobalOptions {
  return { json, verbose }
}

/** The files that bring code. */
export function codeOf({ workflow, registry, acceptChange }: Flags): CodeOptions {
  return { workflow: workflow ?? null, registry: registry ?? null, acceptChange: acceptChange === true }
}

/** Who asks, and why. */
export function noteOf({ by, why }: Flags): NoteOptions {
  return { by: by ?? null, why: why ?? null }
}

/** A text of an option that must say something. */
export function notEmpty(value: string): string {
  if (value === '') throw new InvalidArgumentError('It is empty.')
  return value
}

/** Collects the values of an option that may be given several times. */
export function collected(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

/** A sequence, or a number of things. */
export function wholeNumber(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new InvalidArgumentError('A whole number of 0 or more is expected.')
  return Number(value)
}

export function positive(value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new InvalidArgumentError('A whole number of 1 or more is expected.')
  return Number(value)
}
