/** A past fact of a run. `seq` is gap-free from 1; `at` (epoch ms) is information only, order is the sequence. */
export interface Fact<Type extends string, Data> {
  readonly seq: number
  readonly runId: string
  readonly at: number
  /** Of a fact of a nested run: ids of the nodes that lead to it. */
  readonly path?: readonly string[]
  readonly type: Type
  readonly data: Data
}
