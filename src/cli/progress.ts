import type { ProgressNotice } from '../engine/listeners.ts'
import type { RunEvent } from '../run/event.ts'
import type { NodeStatus, RunState } from '../run/state.ts'
import { factText } from './format/fact-text.ts'
import { shorten } from './format/printable.ts'
import { namesText } from './format/wait-text.ts'
import type { Io } from './io.ts'

/** Shortest time between two writes of the status line, in milliseconds. */
const REDRAW_MS = 50
/** Most running nodes that are named. */
const MAX_NAMED = 5

/** A node that runs, or whose items do. */
interface Running {
  readonly name: string
  /** How far it says it is; empty while it says nothing. */
  far: string
  /** Of a map node: its items, and how many are through. */
  items: { readonly total: number; done: number } | null
}

/** Shows how far a run is: one line written over again on a terminal, else a line for each fact about a node. */
export class Progress {
  readonly #io: Io
  readonly #name: string
  readonly #total: number
  /** Nodes of the run itself, those of nested runs left out. */
  readonly #ended = new Set<string>()
  /** By the ids that lead to each, as JSON. */
  readonly #running = new Map<string, Running>()
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
    this.#count(event)
    if (this.#io.canRewrite) return this.#drawSoon()
    const line = factText(event)
    if (line !== null) this.#io.err(`${line}\n`)
  }

  /** Takes in what a node says of how far it is; shown on a terminal alone. */
  tellProgress({ path = [], nodeId, fraction, text }: ProgressNotice): void {
    const running = this.#running.get(keyOf(path, nodeId))
    if (running === undefined) return
    const percent = `${Math.floor(fraction * 100)} %`
    running.far = text === undefined ? percent : `${percent} ${shorten(text, 40)}`
    this.#drawSoon()
  }

  /** Takes the status line away, for good. */
  close(): void {
    this.#isClosed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#io.status(null)
  }

  /** Keeps count of what runs and what has ended. */
  #count(event: RunEvent): void {
    const { path = [], data } = event
    const { nodeId } = data as { readonly nodeId?: string }
    if (nodeId === undefined) return
    const key = keyOf(path, nodeId)
    switch (event.type) {
      case 'node.started':
        this.#running.set(key, { name: namesText([...path, nodeId], 30), far: '', items: null })
        break
      case 'items.listed': {
        const name = namesText([...path, nodeId], 30)
        this.#running.set(key, { name, far: '', items: { total: event.data.count, done: 0 } })
        break
      }
      case 'item.completed':
      case 'item.failed': {
        const items = this.#running.get(key)?.items
        if (items != null) items.done += 1
        break
      }
      case 'node.completed':
      case 'node.skipped':
      case 'node.set':
      case 'node.failed':
        this.#running.delete(key)
        if (path.length === 0) this.#ended.add(nodeId)
        break
      case 'node.retry-scheduled':
      case 'node.fell-back':
      case 'node.interrupted':
      case 'node.waiting':
      case 'child.started':
        this.#running.delete(key)
        break
      case 'node.reset':
        if (path.length === 0) this.#ended.delete(nodeId)
        break
      default:
    }
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
    for (const { name, far, items } of this.#running.values()) {
      if (named.length === MAX_NAMED) break
      const parts = [items === null ? '' : `${items.done}/${items.total}`, far].filter((part) => part !== '')
      named.push(parts.length === 0 ? name : `${name} (${parts.join(', ')})`)
    }
    const more = this.#running.size > named.length ? ` and ${this.#running.size - named.length} more` : ''
    const running = named.length === 0 ? '' : `, running: ${named.join(', ')}${more}`
    return `${this.#name} ${this.#ended.size}/${this.#total}${running}`
  }
}

/** Ids may hold any sign, so that joining them would not tell them apart. */
function keyOf(path: readonly string[], nodeId: string): string {
  return JSON.stringify([...path, nodeId])
}

function isOver(status: NodeStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'skipped' || status === 'canceled'
}
