import { beforeAll, describe, expect, it } from 'vitest'
import { isWaystoneError } from '../../../src/base/errors.ts'
import { DagExecutor } from '../../../src/engine/dag-executor.ts'
import { deserialize } from '../../../src/snapshot/deserialize.ts'
import { serialize } from '../../../src/snapshot/serialize.ts'
import { workflow } from '../../../src/workflow/builder.ts'
import { sealed } from '../../helpers/seal.ts'

type Json = Record<string, never>
type Change = (document: {
  run: Json
  compensations: Record<string, Json>
  children: { compensations: Json }[]
}) => void

const inner = workflow('inner', '1.0.0')
  .node('x', () => 1, { compensation: () => Promise.reject(new Error('gone')) })
  .build()
const flow = workflow('outer', '1.0.0')
  .node('__proto__', () => 1, { compensation: () => undefined })
  .node('10', ['__proto__'], () => 2, {
    retry: { maximumAttempts: 2, initialIntervalMs: 60_000 },
    compensation: () => Promise.reject(new Error('later')),
  })
  .workflow('b', ['10'], inner)
  .node('c', ['b'], () => 3, { compensation: () => undefined })
  .node('d', ['c'], () => Promise.reject(new Error('no')))
  .build()
let text = ''

beforeAll(async () => {
  const executor = new DagExecutor(flow, { compensateOn: ['failure'] })
  const executing = executor.execute()
  await new Promise<void>((resolve) => executor.on('compensation.retry-scheduled', () => resolve()))
  text = serialize(executor.saveSnapshot(), { pretty: false })
  await executor.cancel('over', { compensate: false })
  await executing
})

/** The problems of a document after a change. */
function problems(change: Change): readonly string[] {
  const document = JSON.parse(text) as Parameters<Change>[0]
  change(document)
  try {
    deserialize(sealed(document))
    return []
  } catch (error) {
    if (!isWaystoneError(error)) throw error
    return (error.details['problems'] as { path: string; message: string }[]).map(
      ({ path, message }) => `${path} ${message}`,
    )
  }
}

const of = (members: object) => (each: Json | undefined) => void Object.assign(each!, members)

describe('compensations in a document', () => {
  it('come back as they were, those of nested runs too', () => {
    const document = JSON.parse(text) as Parameters<Change>[0]
    expect(document.run).toMatchObject({
      status: 'running',
      compensating: { cause: 'failure', nodeId: 'd', reason: null },
    })
    expect(document.compensations).toMatchObject({
      '10': { status: 'retrying', attempt: 1, failures: 1 },
      c: { status: 'completed' },
    })
    expect(document.children[0]!.compensations).toMatchObject({ x: { status: 'failed', error: { message: 'gone' } } })
    expect(serialize(deserialize(text), { pretty: false })).toBe(text)
    expect(serialize(deserialize(JSON.parse(text) as object), { pretty: false })).toBe(text)
  })

  it.each<[string, Change]>([
    [
      '/compensations the node "d" has not',
      ({ compensations }) => void Object.assign(compensations, { d: { status: 'completed', attempt: 1, failures: 0 } }),
    ],
    ['/compensations there are compensations, but', ({ run }) => Reflect.deleteProperty(run, 'compensating')],
    ['/run/compensating a run that is waiting', ({ run }) => of({ status: 'waiting' })(run)],
    ['/run/compensating/reason a run that is canceled', ({ run }) => of({ cause: 'cancel' })(run['compensating'])],
    ['/run/compensating/nodeId the workflow has no', ({ run }) => of({ nodeId: 'nobody' })(run['compensating'])],
    ['/run/compensating/cause', ({ run }) => of({ cause: 'whim' })(run['compensating'])],
    ['/compensations/c/failures 2 attempts failed', ({ compensations }) => of({ failures: 2 })(compensations['c'])],
    [
      '/compensations/c/error a compensation that is failed',
      ({ compensations }) => of({ status: 'failed' })(compensations['c']),
    ],
    ['/compensations/10/dueAt a retrying', ({ compensations }) => of({ status: 'interrupted' })(compensations['10'])],
    ['/compensations/10/remainingMs', ({ compensations }) => of({ remainingMs: 5 })(compensations['10'])],
    ['/compensations/c/status', ({ compensations }) => of({ status: 'skipped' })(compensations['c'])],
    ['/compensations/c/attempt', ({ compensations }) => of({ attempt: 0 })(compensations['c'])],
    [
      '/children/0/compensations/x/error a compensation',
      ({ children }) => of({ error: undefined })(children[0]!.compensations['x']),
    ],
  ])('that do not fit are refused: %s', (expected, change) => {
    const found = problems(change)
    const [path, ...words] = expected.split(' ')
    expect(
      found.some((problem) => problem.startsWith(path!) && problem.includes(words.join(' '))),
      found.join('\n'),
    ).toBe(true)
  })
})
