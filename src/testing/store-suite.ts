import { invalidArgument, readArgument } from '../base/argument.ts'
import { quote, StoreError } from '../base/errors.ts'
import type { StoreSupports } from '../store/driver.ts'
import type { Store } from '../store/store.ts'
import { appendTests } from './store-suite/append.ts'
import { same } from './store-suite/assertions.ts'
import { checkpointTests } from './store-suite/checkpoint.ts'
import { claimTests } from './store-suite/claim.ts'
import { concurrencyTests } from './store-suite/concurrency.ts'
import { deleteTests } from './store-suite/delete.ts'
import { lifecycleTests } from './store-suite/lifecycle.ts'
import { listTests } from './store-suite/list.ts'
import { readTests } from './store-suite/read.ts'
import { runIdTests } from './store-suite/run-id.ts'
import { siblingTests } from './store-suite/sibling.ts'
import type { StoreTest } from './store-suite/store-test.ts'

/** The two functions of a test runner the suite needs; those of vitest, Jest, Mocha, `node:test` and Bun fit. */
export interface StoreSuiteRunner {
  describe(name: string, body: () => void): unknown
  readonly it: {
    (name: string, body: () => Promise<void>): unknown
    /** Shows what is left out; without it nothing is shown. */
    readonly skip?: (name: string, body: () => Promise<void>) => unknown
  }
}

/** A store under test. */
export interface StoreSuiteTarget {
  readonly name: string
  /** What the store says it can do; a test that needs more is skipped. */
  readonly supports: StoreSupports
  /** A new, empty store; called once a test. */
  create(): Store | Promise<Store>
  /** Another store on the same data, after the one given was closed; needed when `supports.durable`. */
  reopen?(store: Store): Store | Promise<Store>
  /** Another store on the same data, while the one given is open; needed when `supports.crossProcessClaims`. */
  sibling?(store: Store): Store | Promise<Store>
  /**
   * Tests the store is known to fail, each with the reason, which the output shows.
   *
   * Shape: `{ test: 'append keeps an event of 4 MiB, and small ones around it', reason: 'rows hold 1 MiB' }`
   */
  readonly gaps?: readonly StoreSuiteGap[]
  /** Cleans up after a test; the store may be closed. */
  destroy?(store: Store): void | Promise<void>
}

/** A test a store is known to fail. */
export interface StoreSuiteGap {
  /** Its section and name, with a space between. */
  readonly test: string
  readonly reason: string
}

const SECTIONS: readonly (readonly [string, readonly StoreTest[]])[] = [
  ['append', appendTests],
  ['read', readTests],
  ['concurrency', concurrencyTests],
  ['claim', claimTests],
  ['list', listTests],
  ['checkpoint', checkpointTests],
  ['run id', runIdTests],
  ['delete', deleteTests],
  ['lifecycle', lifecycleTests],
  ['sibling stores', siblingTests],
]

/**
 * What every store has to do, as tests. Run it on a store of your own; each test gets a new, empty store.
 * @throws {StoreError} STORE_BAD_ARGUMENT, also for a gap that names no test, so that none outlives what it is about
 *
 * @example
 * ```ts no-run
 * import { describe, it } from 'vitest'
 * import { storeSuite } from 'waystone/testing'
 * storeSuite({ describe, it }, { name: 'mine', supports: myDriver.supports, create: () => createStore(myDriver()) })
 * ```
 */
export function storeSuite(runner: StoreSuiteRunner, target: StoreSuiteTarget): void {
  const { describe, it } = readArgument('runner', () => checkedRunner(runner), REFUSAL)
  const supports = readArgument('target', () => supportsOf(target), REFUSAL)
  const gaps = readArgument('target', () => gapsOf(target), REFUSAL)
  describe(`store ${target.name}`, () => {
    describe('supports', () => {
      it('is what the target says', async () => {
        const store = await target.create()
        try {
          same(store.supports, supports, 'supports')
        } finally {
          await target.destroy?.(store)
        }
      })
    })
    for (const [section, tests] of SECTIONS) {
      describe(section, () => {
        for (const test of tests) {
          const body = () => runTest(test, target)
          const gap = gaps.get(`${section} ${test.name}`)
          if (gap !== undefined) it.skip?.(`${test.name} (known gap: ${gap})`, body)
          else if (test.needs === undefined || supports[test.needs]) it(test.name, body)
          else it.skip?.(`${test.name} (needs supports.${test.needs})`, body)
        }
      })
    }
  })
}

const REFUSAL = { of: 'storeSuite', error: StoreError, code: 'STORE_BAD_ARGUMENT' } as const

function checkedRunner(runner: StoreSuiteRunner): StoreSuiteRunner {
  if (typeof runner?.describe !== 'function' || typeof runner.it !== 'function') {
    throw invalidArgument('runner', 'the functions of a test runner, { describe, it }', runner, REFUSAL)
  }
  return runner
}

/** What a target says it supports, once the target is found to be one. */
function supportsOf(target: StoreSuiteTarget): StoreSupports {
  const { name, supports, create, gaps = [] } = (target ?? {}) as Partial<StoreSuiteTarget>
  if (typeof name !== 'string' || typeof create !== 'function') {
    throw invalidArgument('target', 'a store under test, { name, supports, create }', target, REFUSAL)
  }
  if (typeof supports !== 'object' || supports === null) {
    throw invalidArgument('target.supports', 'an object', supports, REFUSAL)
  }
  if (!Array.isArray(gaps) || gaps.some((gap) => typeof (gap as StoreSuiteGap | null)?.test !== 'string')) {
    throw invalidArgument('target.gaps', 'a list of { test, reason }', gaps, REFUSAL)
  }
  return { ...supports }
}

/** The reasons of a target's gaps by test. */
function gapsOf({ name, gaps = [] }: StoreSuiteTarget): ReadonlyMap<string, string> {
  const known = new Set(SECTIONS.flatMap(([section, tests]) => tests.map((test) => `${section} ${test.name}`)))
  for (const { test } of gaps) {
    if (known.has(test)) continue
    throw new StoreError(
      'STORE_BAD_ARGUMENT',
      `the store suite has no test ${quote(test)}, which is given as a gap of ${quote(name)}; a gap is named by section and test, with a space between`,
    )
  }
  return new Map(gaps.map(({ test, reason }) => [test, reason]))
}

async function runTest(test: StoreTest, target: StoreSuiteTarget): Promise<void> {
  let store = await target.create()
  const siblings: Store[] = []
  try {
    await test.run(store, {
      reopen: async () => {
        if (target.reopen === undefined) throw new Error('a target with supports.durable needs a reopen function')
        await store.close()
        store = await target.reopen(store)
        return store
      },
      sibling: async () => {
        if (target.sibling === undefined) {
          throw new Error('a target with supports.crossProcessClaims needs a sibling function')
        }
        const sibling = await target.sibling(store)
        siblings.push(sibling)
        return sibling
      },
    })
  } finally {
    for (const sibling of siblings) await sibling.close()
    await target.destroy?.(store)
  }
}
