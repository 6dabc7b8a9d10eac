import type { BlobStore, Clock, Logger, ResultCache } from '../base/ports.ts'
import type { ValueCodec } from '../base/values/codec.ts'
import type { Run } from '../run/run.ts'
import type { Code } from './attempt.ts'
import type { Journal } from './journal.ts'
import type { Listeners } from './listeners.ts'

/** Everything a loop works with. */
export interface RunLoopParts {
  readonly run: Run
  readonly code: Code
  readonly codec: ValueCodec
  readonly clock: Clock
  readonly logger: Logger
  readonly services: object
  readonly listeners: Listeners
  /** Where oversized results are kept; null: nowhere. */
  readonly blobs: BlobStore | null
  /** Where results are kept for other runs; null: nowhere. */
  readonly results: ResultCache | null
  /** Null: nothing is recorded. */
  readonly journal: Journal | null
}
