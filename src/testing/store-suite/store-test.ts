import type { StoreSupports } from '../../store/driver.ts'
import type { Store } from '../../store/store.ts'

/** One test of the store suite. */
export interface StoreTest {
  readonly name: string
  /** What a store has to support for the test to make sense. */
  readonly needs?: keyof StoreSupports
  readonly run: (store: Store, tools: StoreTestTools) => Promise<void>
}

export interface StoreTestTools {
  /** Closes the store and opens another on the same data. */
  readonly reopen: () => Promise<Store>
  /** Opens another store on the same data beside the present one. */
  readonly sibling: () => Promise<Store>
}
