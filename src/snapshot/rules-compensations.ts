import { escapeSegment } from '../base/json-pointer.ts'
import type { CompensationDocument, RunDocument } from './document.ts'
import type { Findings } from './findings.ts'
import type { KnownDocument } from './rules-waits.ts'

/** Statuses of a run that compensates, or has. */
const COMPENSATING: readonly RunDocument['status'][] = ['running', 'paused', 'quarantined', 'failed', 'canceled']

/** Holds what a run compensates for against the run and its nodes. */
export function checkCompensations(
  findings: Findings,
  { document, definitionOf }: KnownDocument,
  isNested: boolean,
): void {
  const { run, completedNodes, compensations = {} } = document
  if (run.compensating !== undefined) {
    const { cause, nodeId, reason } = run.compensating
    if (!COMPENSATING.includes(run.status))
      findings.report('/run/compensating', `a run that is ${run.status} compensates for nothing`)
    if ((cause === 'cancel') !== (reason !== null))
      findings.report('/run/compensating/reason', 'a run that is canceled has a reason, and no other has')
    if (nodeId !== null && definitionOf(nodeId) === undefined)
      findings.report('/run/compensating/nodeId', `the workflow has no node ${JSON.stringify(nodeId)}`)
  }
  const entries = findings.map<CompensationDocument>('/compensations', compensations)
  if (entries.size === 0) return
  // Of a nested run the root says whether it compensates.
  if (run.compensating === undefined && !isNested)
    findings.report('/compensations', 'there are compensations, but the run does not say that it compensates')
  const completed = new Set(completedNodes)
  for (const [nodeId, compensation] of entries) {
    const path = (member = '') => `/compensations/${escapeSegment(nodeId)}${member}`
    const { status, attempt, failures, error, dueAt } = compensation
    if (!completed.has(nodeId)) findings.report(path(), `the node ${JSON.stringify(nodeId)} has not completed`)
    if (failures > attempt)
      findings.report(path('/failures'), `${failures} attempts failed, but it was started ${attempt} times`)
    if ((status === 'failed' || status === 'retrying') && error === undefined)
      findings.report(path('/error'), `a compensation that is ${status} has an error`)
    if ((status === 'retrying') !== (dueAt !== undefined))
      findings.report(path('/dueAt'), 'a retrying compensation is due at some time, and no other is')
    findings.deadline(path, compensation)
  }
}
