import type { StoreSupports } from '../../store/driver.ts'
import type { Store } from '../../store/store.ts'

/** What a case of the suite works with. Every store it hands out is destroyed after the case. */
export interface StoreCaseContext {
  /** A new, empty store. */
  readonly store: Store
  /** Closes a store and gives another over what it left behind; for cases that need `durable`. */
  reopen(store: Store): Promise<Store>
  /** Another store over the same medium, while the first is open; for cases that need `crossProcessClaims`. */
  neighbour(store: Store): Promise<Store>
}

/** One promise of the store contract. */
export interface StoreCase {
  /** The promise in words; unique in the suite. */
  readonly name: string
  /** What the store has to support for the promise to hold; the case is skipped, visibly, when it does not. */
  readonly needs?: keyof StoreSupports
  run(context: StoreCaseContext): Promise<void>
}
