import type { RunEvent } from '../run/event.ts'
import type { NodeStatus, RunState } from '../run/state.ts'
import { nameText, shorten } from './format/printable.ts'
import type { Io } from './io.ts'

/** Longest progress line, in characters; a longer one would wrap and could not be written over. */
const MAX_LINE = 78
const ERASE_LINE = '\r\u001b[2K'
/** Shortest time between two writes of the progress line, in milliseconds. */
const REDRAW_MS = 50

/** Shows how far a run is: one line written over again on a terminal, else a line for each fact about a node. */
export class Progress {
  readonly #io: Io
  readonly #name: string
  readonly #total: number
  readonly #ended = new Set<string>()
  readonly #running = new Set<string>()
  #drawnAt = 0
  #isDrawn = false

  /** @param state - how the run stands when it begins to be watched */
  constructor(io: Io, state: RunState) {
    this.#io = io
    this.#name = state.workflow.id
    this.#total = state.nodes.length
    state.nodes.forEach(({ status }, index) => {
      if (isOver(status)) this.#ended.add(state.workflow.nodes[index]!.id)
    })
  }

  /** Takes in a fact. */
  tell(event: RunEvent): void {
    const line = this.#lineOf(event)
    if (this.#io.canRewrite) this.#draw()
    else if (line !== null) this.#io.err(`${line}\n`)
  }

  /** Writes a note without leaving pieces of the progress line. */
  note(text: string): void {
    this.clear()
    this.#io.err(`${text}\n`)
  }

  /** Takes the progress line away. */
  clear(): void {
    if (this.#isDrawn) this.#io.err(ERASE_LINE)
    this.#isDrawn = false
  }

  /** Keeps count, and gives the line to show for a fact where lines are not rewritten; null for none. */
  #lineOf(event: RunEvent): string | null {
    switch (event.type) {
      case 'node.started':
        this.#running.add(event.data.nodeId)
        return event.data.attempt > 1
          ? `started ${nameOf(event)} (attempt ${event.data.attempt})`
          : `started ${nameOf(event)}`
      case 'node.completed':
        this.#end(event.data.nodeId)
        return `completed ${nameOf(event)}`
      case 'node.skipped':
        this.#end(event.data.nodeId)
        return `skipped ${nameOf(event)} (${event.data.reason})`
      case 'node.failed':
        this.#end(event.data.nodeId)
        return `failed ${nameOf(event)}: ${shorten(event.data.error.message, 200)}`
      case 'node.retry-scheduled':
        this.#running.delete(event.data.nodeId)
        return `retrying ${nameOf(event)} in ${event.data.delayMs} ms: ${shorten(event.data.error.message, 200)}`
      case 'node.fell-back':
        this.#running.delete(event.data.nodeId)
        return `fell back ${nameOf(event)}: ${shorten(event.data.error.message, 200)}`
      case 'node.interrupted':
        this.#running.delete(event.data.nodeId)
        return `interrupted ${nameOf(event)} (${event.data.reason})`
      case 'node.reset':
        this.#ended.delete(event.data.nodeId)
        return null
      default:
        return null
    }
  }

  #end(nodeId: string): void {
    this.#running.delete(nodeId)
    this.#ended.add(nodeId)
  }

  #draw(): void {
    const now = Date.now()
    if (this.#isDrawn && now - this.#drawnAt < REDRAW_MS) return
    this.#drawnAt = now
    this.#isDrawn = true
    const running = [...this.#running].slice(0, 5).join(', ')
    const text = `${this.#name} ${this.#ended.size}/${this.#total}${running === '' ? '' : `, running: ${running}`}`
    this.#io.err(`${ERASE_LINE}${shorten(text, MAX_LINE)}`)
  }
}

function nameOf({ data }: { readonly data: { readonly nodeId: string } }): string {
  return nameText(data.nodeId, 100)
}

function isOver(status: NodeStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'skipped' || status === 'canceled'
}
