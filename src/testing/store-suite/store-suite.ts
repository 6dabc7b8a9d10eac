import { quote, StoreError } from '../../base/errors.ts'
import type { StoreSupports } from '../../store/driver.ts'
import type { Store } from '../../store/store.ts'
import { appendCases } from './append-cases.ts'
import { checkpointCases } from './checkpoint-cases.ts'
import { claimCases } from './claim-cases.ts'
import { expectEqual } from './expectation.ts'
import { readCases } from './read-cases.ts'
import { runCases } from './run-cases.ts'
import type { StoreCase } from './store-case.ts'

/** The test runner, handed in; the functions of vitest, jest and `node:test` fit. */
export interface StoreSuiteRunner {
  describe(name: string, body: () => void): unknown
  it(name: string, body: () => Promise<void>): unknown
  /** Registers a test that does not run; its name says why. */
  skip(name: string, body: () => Promise<void>): unknown
}

/** A kind of store, and how to make one. */
export interface StoreSuiteSubject {
  readonly name: string
  /** What the store says of itself; decides which cases run. */
  readonly supports: StoreSupports
  /** A new store over a medium of its own that has nothing yet. */
  create(): Promise<Store> | Store
  /** Another store over the medium of one; needed when `supports` has `durable` or `crossProcessClaims`. */
  sibling?(store: Store): Promise<Store> | Store
  /** Clears away a store's medium; the store is closed already. */
  destroy?(store: Store): Promise<void> | void
  /** Cases known to fail, by name, and why; they are skipped with the reason in the output. */
  readonly gaps?: readonly { readonly test: string; readonly reason: string }[]
}

const CASES: readonly StoreCase[] = [...appendCases, ...readCases, ...runCases, ...claimCases, ...checkpointCases]

/** The names of all cases, for `gaps`. */
export const storeSuiteCases: readonly string[] = CASES.map(({ name }) => name)

/**
 * Registers the tests every store has to pass: the contract of `StoreDriver` behind `createStore`.
 *
 * @param runner - where tests are registered
 * @param subject - the store under test
 * @throws {StoreError} STORE_BAD_ARGUMENT for a gap that names no case, or when `sibling` is missing
 * @example
 *   storeSuite({ describe, it, skip: it.skip }, { name: 'mine', supports, create: () => myStore() })
 */
export function storeSuite(runner: StoreSuiteRunner, subject: StoreSuiteSubject): void {
  const { name, supports, gaps = [] } = subject
  for (const { test } of gaps) {
    if (!storeSuiteCases.includes(test)) {
      throw new StoreError('STORE_BAD_ARGUMENT', `the store suite has no case ${quote(test)}; see storeSuiteCases`)
    }
  }
  if ((supports.durable || supports.crossProcessClaims) && subject.sibling === undefined) {
    throw new StoreError(
      'STORE_BAD_ARGUMENT',
      `the store ${quote(name)} keeps more than a process, so the suite needs sibling()`,
    )
  }
  runner.describe(`the store contract, ${name}`, () => {
    runner.it('supports says what the subject says', () =>
      runCase(subject, {
        name: 'supports',
        run: async ({ store }) => expectEqual(store.supports, supports, 'supports'),
      }),
    )
    for (const each of CASES) {
      const gap = gaps.find(({ test }) => test === each.name)
      const body = () => runCase(subject, each)
      if (gap !== undefined) runner.skip(`${each.name} (known gap: ${gap.reason})`, body)
      else if (each.needs !== undefined && !supports[each.needs]) {
        runner.skip(`${each.name} (supports.${each.needs} is false)`, body)
      } else runner.it(each.name, body)
    }
  })
}

async function runCase(subject: StoreSuiteSubject, { name, run }: StoreCase): Promise<void> {
  const store = await subject.create()
  const stores = [store]
  const another = async (of: Store): Promise<Store> => {
    if (subject.sibling === undefined) {
      throw new StoreError('STORE_BAD_ARGUMENT', `the case ${quote(name)} needs sibling() of the store under test`)
    }
    const made = await subject.sibling(of)
    stores.push(made)
    return made
  }
  try {
    await run({
      store,
      neighbour: another,
      async reopen(of) {
        await of.close()
        return another(of)
      },
    })
  } finally {
    for (const each of stores) await each.close()
    await subject.destroy?.(store)
  }
}
