import { type DefinitionError, kindOf } from '../base/errors.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import { problemsError as workflowProblems } from '../workflow/problem.ts'
import { checkDefinition } from '../workflow/validate.ts'
import type { SnapshotDocument, WorkflowDocument } from './document.ts'
import { plainJson } from './json-text.ts'
import { rememberDefinition } from './known-workflow.ts'
import { problemsError } from './problems.ts'
import type { ScannedText } from './scan.ts'
import type { DocumentProblem } from './schema-problems.ts'

/** The workflow of a document, a copy that is frozen. */
export interface ReadWorkflow {
  readonly definition: WorkflowDefinition
  readonly fingerprint: string
  /** What is wrong with the definition; thrown after what is wrong around it. */
  readonly fault: DefinitionError | null
}

/**
 * The workflow of a document that fits the schema.
 * @throws {SnapshotSchemaError} SNAPSHOT_SCHEMA for one in tag form, of which the schema knows no members, that is no workflow
 */
export function readWorkflow(document: SnapshotDocument, { compact, slots, definition }: ScannedText): ReadWorkflow {
  if (definition !== null) return { definition, fingerprint: document.workflow.fingerprint, fault: null }
  const text = compact.slice(slots.workflow!.start, slots.workflow!.end)
  const workflow = plainJson(document.workflow, text) as WorkflowDocument
  if (Object.hasOwn(document.workflow, '#type')) checkMembers(workflow)
  const { fingerprint, ...content } = workflow
  const { root, problems } = checkDefinition(content)
  const read = (root ?? content) as unknown as WorkflowDefinition
  if (problems.length > 0) return { definition: read, fingerprint, fault: workflowProblems(problems) }
  rememberDefinition(read)
  return { definition: read, fingerprint, fault: null }
}

/** What the schema says of the members of a workflow in plain form, as far as the reader relies on it. */
function checkMembers(workflow: WorkflowDocument): void {
  const problems: DocumentProblem[] = []
  for (const name of ['id', 'version', 'fingerprint'] as const) {
    const member = own(workflow, name)
    if (typeof member !== 'string')
      problems.push({ path: `/workflow/${name}`, message: `expected string, got ${kindOf(member)}` })
  }
  for (const name of ['nodes', 'edges'] as const) {
    const list = own(workflow, name)
    if (!Array.isArray(list) || !list.every(isObject))
      problems.push({ path: `/workflow/${name}`, message: `expected an array of objects, got ${kindOf(list)}` })
  }
  if (problems.length > 0) throw problemsError('SNAPSHOT_SCHEMA', problems)
}

function own(workflow: WorkflowDocument, name: string): unknown {
  return Object.hasOwn(workflow, name) ? workflow[name] : undefined
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
