import type { RunStatus } from '../../src/run/state.ts'
import type { Claim, ClaimRequest, EventBatch, RunSummary, StoredEvent } from '../../src/store/driver.ts'
import type { Store } from '../../src/store/store.ts'

/** When sample runs begin, epoch ms; the event of sequence n is n ms later. */
export const SAMPLE_START = 1_700_000_000_000

/** How sample runs differ from each other. */
export interface SampleOptions {
  readonly workflowId?: string
  readonly status?: RunStatus
  /** Put into the text of each event. */
  readonly note?: string
}

/** The event of a sequence, the same whenever it is asked for. */
export function sampleEvent(runId: string, seq: number, note = 'ø \u{1f9ed} "quoted" \\ \u2028'): StoredEvent {
  const at = SAMPLE_START + seq
  const type = seq === 1 ? 'run.started' : 'node.completed'
  const nodeId = seq === 1 ? null : `node ${seq}`
  return { seq, at, type, nodeId, text: JSON.stringify({ seq, runId, at, type, data: { nodeId, note } }) }
}

/** The summary of a run at a sequence. */
export function sampleSummary(runId: string, seq: number, options: SampleOptions = {}): RunSummary {
  const { workflowId = 'sample', status = 'running' } = options
  return {
    runId,
    workflowId,
    workflowVersion: '1.0.0',
    status,
    seq,
    createdAt: SAMPLE_START + 1,
    updatedAt: SAMPLE_START + seq,
  }
}

/** The events of the sequences `from` to `to`, and the run after them. */
export function sampleBatch(runId: string, from: number, to: number, options: SampleOptions = {}): EventBatch {
  const events: StoredEvent[] = []
  for (let seq = from; seq <= to; seq++) events.push(sampleEvent(runId, seq, options.note))
  return { events, summary: sampleSummary(runId, to, options) }
}

/** A request of an owner at a time; leases are a minute long. */
export function requestOf(owner: string, now: number = SAMPLE_START): ClaimRequest {
  return { owner, leaseMs: 60_000, now }
}

/** Claims a run and appends its sequences 1 to `to`, one batch each. */
export async function writeRun(store: Store, runId: string, to: number, options: SampleOptions = {}): Promise<Claim> {
  const { claim } = await store.claim(runId, requestOf('writer'))
  for (let seq = 1; seq <= to; seq++) await appendTo(store, claim, seq, seq, options)
  return claim
}

/** Appends the sequences `from` to `to` in one batch. */
export function appendTo(
  store: Store,
  claim: Claim,
  from: number,
  to = from,
  options: SampleOptions = {},
): Promise<void> {
  const expectation = { expectedSeq: from - 1, epoch: claim.epoch }
  return store.append(claim.runId, expectation, sampleBatch(claim.runId, from, to, options))
}

/** The texts of all events of a run, in the order the store gives them. */
export async function textsOf(store: Store, runId: string): Promise<string[]> {
  const texts: string[] = []
  for await (const { text } of store.events(runId)) texts.push(text)
  return texts
}

/** The texts a sample run has up to a sequence. */
export function sampleTexts(runId: string, to: number, options: SampleOptions = {}): string[] {
  return to === 0 ? [] : sampleBatch(runId, 1, to, options).events.map(({ text }) => text)
}
