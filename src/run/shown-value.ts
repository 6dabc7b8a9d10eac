import { type BlobReference, blobOf, type Encoded, isTruncated } from '../base/encoded.ts'
import type { ValueCodec } from '../base/values/codec.ts'

/** What stands for a result that was over its limit and dropped when its node completed. */
export interface TruncatedResult {
  readonly truncated: true
  readonly sizeBytes: number
  readonly maxBytes: number
}

/** What stands for a result that is kept outside the run. */
export interface KeptOutside extends BlobReference {
  readonly keptOutside: true
}

/** A value of a user as the reader's own, or what stands for one that is not here. */
export function shownValue(encoded: Encoded, codec: ValueCodec): unknown {
  const blob = blobOf(encoded)
  if (blob !== null) return { keptOutside: true, ...blob } satisfies KeptOutside
  if (!isTruncated(encoded)) return codec.decode(encoded)
  const { sizeBytes, maxBytes } = JSON.parse((encoded as { readonly json: string }).json) as TruncatedResult
  return { truncated: true, sizeBytes, maxBytes } satisfies TruncatedResult
}
