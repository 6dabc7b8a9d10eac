import { expectTypeOf, test } from 'vitest'
import type { History, HistoryPage, RunEvent, RunEventOf } from '../../src/index.ts'

declare const history: History

test('a search for types gives events of these types', () => {
  expectTypeOf(() => history.search({ type: 'node.failed' })).returns.toEqualTypeOf<
    HistoryPage<RunEventOf<'node.failed'>>
  >()
  expectTypeOf(() => history.search({ type: ['node.failed', 'run.failed'], node: 'a' })).returns.toEqualTypeOf<
    HistoryPage<RunEventOf<'node.failed' | 'run.failed'>>
  >()
})

test('a search by a pattern, or by none, gives any event', () => {
  expectTypeOf(() => history.search({ type: 'node.*' })).returns.toEqualTypeOf<HistoryPage<RunEvent>>()
  expectTypeOf(() => history.search({ type: ['node.failed', 'run.'] })).returns.toEqualTypeOf<HistoryPage<RunEvent>>()
  expectTypeOf(() => history.search({ node: [['n', 'a']] })).returns.toEqualTypeOf<HistoryPage<RunEvent>>()
  expectTypeOf(() => history.search()).returns.toEqualTypeOf<HistoryPage<RunEvent>>()
})

test('a type there is not is refused', () => {
  // @ts-expect-error no such type
  expectTypeOf(() => history.search({ type: 'node.finished' })).toBeFunction()
  // @ts-expect-error no such member
  expectTypeOf(() => history.search({ types: 'node.failed' })).toBeFunction()
})
