import { mapEntries } from './json-text.ts'
import type { NamedSpan } from './scan-values.ts'
import type { DocumentProblem } from './schema-problems.ts'
import { parseTime } from './time.ts'

/** Problems beyond this many are not looked for. */
const MAX_FOUND = 1000

/** Milliseconds by which a remaining time may be off: a reader cuts what is finer. */
const TOLERANCE_MS = 1

/** What is found wrong with the members of a document, and the checks that rules have in common. */
export class Findings {
  readonly problems: DocumentProblem[] = []
  /** When the snapshot was taken, in epoch ms; 0 when that is no instant. */
  readonly takenAt: number

  readonly #base: string

  /** @param base - JSON Pointer of the run whose members are looked at */
  constructor(snapshotTime: string, base = '') {
    this.#base = base
    this.takenAt = this.time('/snapshotTime', snapshotTime) ?? 0
  }

  report(path: string, message: string): void {
    if (this.problems.length < MAX_FOUND) this.problems.push({ path: `${this.#base}${path}`, message })
  }

  /** Entries of a map by name; a name that stands twice, which only the tag form allows, is a problem. */
  map<T = unknown>(path: string, tree: object): ReadonlyMap<string, T> {
    const entries = new Map<string, T>()
    for (const [name, value] of mapEntries(tree)) {
      if (entries.has(name)) this.report(path, `the name ${JSON.stringify(name)} stands twice`)
      entries.set(name, value as T)
    }
    return entries
  }

  /** Names of values; one that stands twice, which only the tag form allows, is a problem. */
  names(path: string, spans: readonly NamedSpan[]): ReadonlySet<string> {
    const names = new Set<string>()
    for (const { name } of spans) {
      if (names.has(name)) this.report(path, `the name ${JSON.stringify(name)} stands twice`)
      names.add(name)
    }
    return names
  }

  time(path: string, text: string | null): number | null {
    if (text === null) return null
    const at = parseTime(text)
    if (at === null) this.report(path, `${JSON.stringify(text)} is no instant of the calendar`)
    return at
  }

  /** The instant of a deadline, held against the time that remained until then. */
  remaining(path: string, deadline: string, deadlinePath: string, remaining: number): number | null {
    const at = this.time(deadlinePath, deadline)
    if (at !== null && Math.abs(Math.max(0, at - this.takenAt) - remaining) > TOLERANCE_MS) {
      this.report(path, `${remaining} ms remained until ${deadline}, which does not fit the time of the snapshot`)
    }
    return at
  }

  /** A deadline that stands beside the time that remained until then; `path` puts together where a member of both stands. */
  deadline(
    path: (member: string) => string,
    { dueAt, remainingMs }: { readonly dueAt?: string; readonly remainingMs?: number },
  ): void {
    if (dueAt !== undefined && remainingMs !== undefined)
      this.remaining(path('/remainingMs'), dueAt, path('/dueAt'), remainingMs)
    else if (dueAt !== undefined || remainingMs !== undefined)
      this.report(path(''), 'dueAt and remainingMs stand together')
  }
}
