import { invalidArgument, readArgument } from '../base/argument.ts'
import { sha256Hex } from '../base/digest.ts'
import {
  type BlobReference,
  blobMarker,
  blobOf,
  type Encoded,
  type EncodedText,
  encodedSize,
  encodedText,
} from '../base/encoded.ts'
import { isWaystoneError, NodeError, quote } from '../base/errors.ts'
import type { BlobStore } from '../base/ports.ts'
import type { ValueCodec } from '../base/values/codec.ts'
import type { Run } from '../run/run.ts'

/** The texts of values that are kept outside, by digest. */
export type BlobTexts = ReadonlyMap<string, string>

/** Keeps a value outside; gives what stands for it once it is safe there. */
export async function putBlob(blobs: BlobStore, value: Encoded): Promise<EncodedText> {
  const text = encodedText(value)
  const bytes = new TextEncoder().encode(text)
  const digest = `sha256:${sha256Hex(bytes)}`
  await blobs.put(digest, bytes)
  return blobMarker({ digest, sizeBytes: text.length })
}

/** Where what a repeated node gave last is, when it is kept outside; null when it stands in the run, or there is none. */
export function previousBlob({ state }: Run, index: number): BlobReference | null {
  const previous = state.nodes[index]!.parts?.previous
  return previous === undefined ? null : blobOf(previous)
}

/** The values kept outside that a node's inputs need, and what it gave last, each once. */
export function blobsNeeded(run: Run, index: number): readonly BlobReference[] {
  const { graph, state } = run
  const needed = new Map<string, BlobReference>()
  const previous = previousBlob(run, index)
  if (previous !== null) needed.set(previous.digest, previous)
  for (let at = graph.inStart[index]!; at < graph.inStart[index + 1]!; at += 1) {
    const { output } = state.nodes[graph.edgeSource[graph.inEdges[at]!]!]!
    const blob = output === undefined ? null : blobOf(output)
    if (blob !== null) needed.set(blob.digest, blob)
  }
  return [...needed.values()]
}

/**
 * Reads values kept outside.
 * @throws {NodeError} BLOB_MISSING, BLOB_DAMAGED
 */
export async function readBlobs(blobs: BlobStore | null, needed: readonly BlobReference[]): Promise<BlobTexts> {
  const texts = await Promise.all(needed.map(async (blob) => [blob.digest, await readText(blobs, blob)] as const))
  return new Map(texts)
}

/**
 * The value a reference stands for, read from where large results are kept and held against its digest.
 * @param reference - what a snapshot has in the place of the result
 * @param codec - that of the run
 * @throws {NodeError} BLOB_MISSING, BLOB_DAMAGED
 * @throws {WaystoneError} ARGUMENT_INVALID
 * @example
 * const blobs = memoryBlobs()
 * const flow = workflow('large', '1.0.0').node('a', () => 'x'.repeat(5_000)).build()
 * const executor = new DagExecutor(flow, { limits: { maxResultBytes: 1_000 }, oversizedResults: 'reference', blobs })
 * await executor.execute()
 * const kept = executor.saveSnapshot().result('a') as KeptOutside
 * const text = await resolveBlob(blobs, kept, defaultCodec)
 * text // 'x'.repeat(5_000)
 */
export async function resolveBlob(blobs: BlobStore, reference: BlobReference, codec: ValueCodec): Promise<unknown> {
  const of = 'resolveBlob'
  const blob = readArgument('reference', () => {
    const { digest, sizeBytes } = (reference ?? {}) as Partial<BlobReference>
    if (typeof digest === 'string' && typeof sizeBytes === 'number') return { digest, sizeBytes }
    throw invalidArgument('reference', 'a result kept outside, { digest, sizeBytes }', reference, { of })
  })
  readArgument('blobs', () => {
    if (typeof blobs?.get !== 'function') throw invalidArgument('blobs', 'an object with put and get', blobs, { of })
  })
  readArgument('codec', () => {
    if (typeof codec?.decode !== 'function') throw invalidArgument('codec', 'what createCodec() gives', codec, { of })
  })
  try {
    return codec.decode({ json: await readText(blobs, blob) })
  } catch (cause) {
    if (isWaystoneError(cause)) throw cause
    const message = `the result kept outside as ${quote(blob.digest)} can not be read from the blobs given`
    throw new NodeError('BLOB_MISSING', message, { details: { ...blob }, cause })
  }
}

/** Whether a result is over the limit; the same measure as that of the limit. */
export function isOversized(value: Encoded, maxBytes: number | null): boolean {
  const isLong = typeof value === 'string' || (typeof value === 'object' && value !== null)
  return maxBytes !== null && isLong && encodedSize(value) > maxBytes
}

async function readText(blobs: BlobStore | null, { digest, sizeBytes }: BlobReference): Promise<string> {
  const bytes = blobs === null ? null : await blobs.get(digest)
  if (bytes === null) {
    const where = blobs === null ? 'no blobs are given' : 'the blobs given do not have it'
    throw new NodeError(
      'BLOB_MISSING',
      `the result kept outside as ${quote(digest)} (${sizeBytes} characters) can not be read: ${where}; give the blobs the run was made with`,
      { details: { digest, sizeBytes } },
    )
  }
  const actual = `sha256:${sha256Hex(bytes)}`
  if (actual === digest) return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  throw new NodeError(
    'BLOB_DAMAGED',
    `the result kept outside as ${quote(digest)} has the digest ${quote(actual)}; restore the bytes it was written with`,
    { details: { expected: digest, actual } },
  )
}
