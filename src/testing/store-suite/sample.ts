import type { RunStatus } from '../../run/state.ts'
import type { Claim, EventBatch, RunSummary, StoredEvent } from '../../store/driver.ts'
import type { Store } from '../../store/store.ts'

/** Epoch ms the suite's claims are made at. */
export const NOW = 1_700_000_000_000
export const LEASE_MS = 30_000

/** A request for a claim at {@link NOW}, or later. */
export function request(owner = 'one', now = NOW) {
  return { owner, leaseMs: LEASE_MS, now }
}

/** An event whose text says which it is. */
export function sampleEvent(runId: string, seq: number, output: unknown = seq): StoredEvent {
  const at = NOW + seq
  const type = 'node.completed'
  const nodeId = `node-${seq}`
  const data = { nodeId, attempt: 1, output }
  return { seq, at, type, nodeId, text: JSON.stringify({ seq, runId, at, type, data }) }
}

/** What {@link sampleBatch} can be told. */
export interface SampleOptions {
  readonly count?: number
  readonly status?: RunStatus
  readonly workflowId?: string
  readonly output?: unknown
}

/** A batch of sample events after a head, with the summary that goes with it. */
export function sampleBatch(
  runId: string,
  after: number,
  { count = 1, status = 'running', workflowId = 'flow', output }: SampleOptions = {},
): EventBatch {
  const events = Array.from({ length: count }, (_, index) =>
    sampleEvent(runId, after + index + 1, output ?? after + index + 1),
  )
  return { events, summary: sampleSummary(runId, after + count, status, workflowId) }
}

/** The summary of a sample run at a head. */
export function sampleSummary(
  runId: string,
  seq: number,
  status: RunStatus = 'running',
  workflowId = 'flow',
): RunSummary {
  return { runId, workflowId, workflowVersion: '1.0.0', status, seq, createdAt: NOW + 1, updatedAt: NOW + seq }
}

/** Claims a run and appends sample events one by one. */
export async function startRun(store: Store, runId: string, options: SampleOptions = {}): Promise<Claim> {
  const { claim } = await store.claim(runId, request())
  const { count = 1, ...rest } = options
  for (let seq = 0; seq < count; seq++) {
    await store.append(runId, { expectedSeq: seq, epoch: claim.epoch }, sampleBatch(runId, seq, rest))
  }
  return claim
}

/** The sequences of events. */
export function seqs(events: readonly { readonly seq: number }[]): number[] {
  return events.map(({ seq }) => seq)
}

/** `[1, 2, …, count]`. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}
