import { Heap } from './heap.ts'

/** A heap of node indexes: the ready nodes, earliest in definition order first. */
export class IndexHeap extends Heap<number> {
  constructor() {
    super((a, b) => a < b)
  }
}
