import { describe, expect, it } from 'vitest'
import { isWaystoneError } from '../../../src/base/errors.ts'
import { pendingState } from '../../../src/run/run.ts'
import type { RunState } from '../../../src/run/state.ts'
import { deserializeFor } from '../../../src/snapshot/deserialize.ts'
import { takeSnapshot } from '../../../src/snapshot/snapshot.ts'
import type { WorkflowDefinition } from '../../../src/workflow/definition.ts'
import { parseDefinition } from '../../../src/workflow/parse.ts'
import { sealed } from '../../helpers/seal.ts'
import { AT } from './sample.ts'

type Tree = { nodes: Record<string, unknown>; results: Record<string, unknown>; completedNodes: string[] }

/** Three nodes that are completed, of which the last is no usual one, and one that has not begun. */
function state(workflow: WorkflowDefinition): RunState {
  const made = pendingState({ runId: 'r', workflow, fingerprint: 'f'.repeat(64) })
  Object.assign(made, { status: 'running', seq: 9, startedAt: AT, lastAt: AT, usage: { nodeExecutions: 9 } })
  workflow.nodes.slice(0, 3).forEach(({ id }, index) => {
    Object.assign(made.nodes[index]!, { status: 'completed', attempt: 1, startedAt: AT, endedAt: AT, output: index })
    made.completed.push(id)
  })
  Object.assign(made.nodes[2]!, { attempt: 2, failures: 1 })
  return made
}

/** What is found in the document once it is changed, whether its workflow was checked before or is read from it. */
function found(change: (document: Tree) => void): readonly string[] {
  const workflow = parseDefinition({
    id: 'w',
    version: '1.0.0',
    nodes: ['a', '#type', 'c', 'd'].map((id) => ({ id, type: 't' })),
    edges: [],
  })
  const document = takeSnapshot(state(workflow), AT).toJSON() as unknown as Tree
  change(document)
  const [known, other] = [workflow, null].map((given) => {
    try {
      deserializeFor(given, sealed(document), {})
      return []
    } catch (error) {
      if (!isWaystoneError(error, 'SNAPSHOT_INCONSISTENT')) throw error
      return (error.details['problems'] as { path: string; message: string }[]).map(
        ({ path, message }) => `${path} ${message}`,
      )
    }
  })
  expect(known).toEqual(other)
  return known!
}

const RESULT = 'has completed, but has no result'
const STRANGER = 'the workflow has no node "x"'

describe('a document in which members contradict each other', () => {
  it('has no problem before it is changed', () => {
    expect(found(() => undefined)).toEqual([])
  })

  it.each<[string, (document: Tree) => void, readonly string[]]>([
    [
      'a completed node twice',
      ({ completedNodes }) => completedNodes.push('a', 'c'),
      ['/completedNodes/3 the node "a" stands twice', '/completedNodes/4 the node "c" stands twice'],
    ],
    [
      'a stranger among the completed nodes, twice',
      ({ completedNodes }) => completedNodes.unshift('x', 'x'),
      [`/completedNodes/0 ${STRANGER}`, '/completedNodes/1 the node "x" stands twice'],
    ],
    [
      'a node that has not begun among the completed ones',
      ({ completedNodes }) => completedNodes.push('d'),
      [
        `/completedNodes/3 the node "d" ${RESULT}`,
        '/completedNodes/3 the node "d" has completed, but its status is pending',
      ],
    ],
    [
      'usual and other nodes without their results',
      ({ results }) => {
        delete results['##type']
        delete results['c']
      },
      [`/completedNodes/1 the node "#type" ${RESULT}`, `/completedNodes/2 the node "c" ${RESULT}`],
    ],
    [
      'results of nodes that are not among the completed ones',
      ({ completedNodes }) => completedNodes.splice(0, 3),
      ['a', '#type', 'c'].map((id) => `/results/${id} the node "${id}" has a result, but is not among completedNodes`),
    ],
    [
      'completed nodes that nothing else tells of',
      ({ completedNodes, results }) => {
        completedNodes.splice(1, 2)
        delete results['##type']
        delete results['c']
      },
      ['#type', 'c'].map(
        (id) => `/nodes/${id}/status the node is completed, but is not among completedNodes and has no result`,
      ),
    ],
    [
      'a usual node that nothing else tells of, beside as many that are completed',
      ({ completedNodes, results }) => {
        completedNodes.splice(1, 1)
        delete results['##type']
      },
      ['/nodes/#type/status the node is completed, but is not among completedNodes and has no result'],
    ],
    [
      'a stranger among nodes and results',
      ({ nodes, results }) => {
        nodes['x'] = nodes['a']
        results['x'] = 1
      },
      [`/nodes/x ${STRANGER}`, `/results/x ${STRANGER}`],
    ],
    [
      'a stranger that is completed and without a result',
      ({ nodes }) => {
        nodes['x'] = nodes['c']
      },
      [
        `/nodes/x ${STRANGER}`,
        '/nodes/x/status the node is completed, but is not among completedNodes and has no result',
      ],
    ],
  ])('names %s', (_, change, expected) => {
    expect(found(change)).toEqual(expected)
  })
})
