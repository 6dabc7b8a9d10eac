import type { ProgressNotice } from '../engine/listeners.ts'
import type { RunEvent } from '../run/event.ts'
import type { NodeStatus, RunState } from '../run/state.ts'
import { nameText, shorten } from './format/printable.ts'
import type { Io } from './io.ts'

/** Shortest time between two writes of the status line, in milliseconds. */
const REDRAW_MS = 50
/** Most running nodes that are named. */
const MAX_NAMED = 5

/** Shows how far a run is: one line written over again on a terminal, else a line for each fact about a node. */
export class Progress {
  readonly #io: Io
  readonly #name: string
  readonly #total: number
  readonly #ended = new Set<string>()
  /** How far each running node says it is; empty while it says nothing. */
  readonly #running = new Map<string, string>()
  #timer: NodeJS.Timeout | null = null
  #isClosed = false

  /** @param state - how the run stands when it begins to be watched */
  constructor(io: Io, state: RunState) {
    this.#io = io
    this.#name = shorten(state.workflow.id, 40)
    this.#total = state.nodes.length
    state.nodes.forEach(({ status }, index) => {
      if (isOver(status)) this.#ended.add(state.workflow.nodes[index]!.id)
    })
  }

  /** Takes in a fact. */
  tell(event: RunEvent): void {
    const line = this.#lineOf(event)
    if (this.#io.canRewrite) this.#drawSoon()
    else if (line !== null) this.#io.err(`${line}\n`)
  }

  /** Takes in what a node says of how far it is; shown on a terminal alone. */
  tellProgress({ nodeId, fraction, text }: ProgressNotice): void {
    if (!this.#running.has(nodeId)) return
    const percent = `${Math.floor(fraction * 100)} %`
    this.#running.set(nodeId, text === undefined ? percent : `${percent} ${shorten(text, 40)}`)
    this.#drawSoon()
  }

  /** Takes the status line away, for good. */
  close(): void {
    this.#isClosed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#io.status(null)
  }

  /** Keeps count, and gives the line to show for a fact where lines are not rewritten; null for none. */
  #lineOf(event: RunEvent): string | null {
    switch (event.type) {
      case 'node.started':
        this.#running.set(event.data.nodeId, '')
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

  /** Draws a little later, once for all that was told meanwhile, so that the last fact of a burst is always seen. */
  #drawSoon(): void {
    if (this.#timer !== null || this.#isClosed || !this.#io.canRewrite) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#io.status(this.#line())
    }, REDRAW_MS)
    this.#timer.unref()
  }

  #line(): string {
    const named: string[] = []
    for (const [nodeId, far] of this.#running) {
      if (named.length === MAX_NAMED) break
      named.push(far === '' ? nameText(nodeId, 30) : `${nameText(nodeId, 30)} (${far})`)
    }
    const more = this.#running.size > named.length ? ` and ${this.#running.size - named.length} more` : ''
    const running = named.length === 0 ? '' : `, running: ${named.join(', ')}${more}`
    return `${this.#name} ${this.#ended.size}/${this.#total}${running}`
  }
}

function nameOf({ data }: { readonly data: { readonly nodeId: string } }): string {
  return nameText(data.nodeId, 100)
}

function isOver(status: NodeStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'skipped' || status === 'canceled'
}
