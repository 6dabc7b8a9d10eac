import { escapeSegment } from '../base/json-pointer.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import { knownLinks } from '../workflow/links.ts'
import { edgeKeysOf, isAlive } from './assemble.ts'
import type { AccumulatorDocument, CacheDocument, NodeDocument, SnapshotDocument } from './document.ts'
import { mapEntries, numberOf } from './json-text.ts'
import type { NamedSpan, SlotSpans } from './scan.ts'
import type { DocumentProblem } from './schema-problems.ts'
import { parseTime } from './time.ts'

/** Problems beyond this many are not looked for. */
const MAX_FOUND = 1000

/** Milliseconds by which a remaining time may be off: a reader cuts what is finer. */
const TOLERANCE_MS = 1

/** The index of an id that the workflow does not have. */
const NOWHERE = -1

/** Marks by the index of a node, and the ids of those the workflow does not have. */
interface Marks {
  readonly isUsual: Uint8Array
  readonly hasResult: Uint8Array
  /** Of results. */
  readonly strangers: ReadonlySet<string>
  readonly usualStrangers: readonly string[]
}

/** A document that fits the schema, with what was read of it beside. */
export interface DocumentParts {
  readonly document: SnapshotDocument
  /** Its definition, unescaped; possibly not yet checked. */
  readonly workflow: Pick<WorkflowDefinition, 'nodes' | 'edges'>
  /** Its nodes by id. */
  readonly nodes: ReadonlyMap<string, NodeDocument>
  /** Its values; the document itself may have no results and variables. */
  readonly slots: SlotSpans
}

/** Where the members of a document contradict each other or name what the workflow does not have: all places at once. */
export function contradictions(parts: DocumentParts): readonly DocumentProblem[] {
  return new Contradictions(parts).find()
}

class Contradictions {
  readonly #document: SnapshotDocument
  readonly #workflow: Pick<WorkflowDefinition, 'nodes' | 'edges'>
  readonly #nodeStates: ReadonlyMap<string, NodeDocument>
  readonly #slots: SlotSpans
  readonly #ids: readonly string[]
  readonly #indexes: ReadonlyMap<string, number>
  readonly #found: DocumentProblem[] = []

  constructor({ document, workflow, nodes, slots }: DocumentParts) {
    this.#document = document
    this.#workflow = workflow
    this.#nodeStates = nodes
    this.#slots = slots
    const links = knownLinks(workflow)
    this.#ids = links?.ids ?? workflow.nodes.map(({ id }) => id)
    this.#indexes = links?.indexOf ?? new Map(this.#ids.map((id, index) => [id, index]))
  }

  find(): readonly DocumentProblem[] {
    const document = this.#document
    const takenAt = this.#time('/snapshotTime', document.snapshotTime) ?? 0
    const nodes = this.#nodeStates
    // Entries in tag form alone can have a name twice, and are then more than the names.
    if (Object.hasOwn(document.nodes, '#type')) this.#map('/nodes', document.nodes)
    const marks = this.#marks()
    const usage = this.#map('/usage', document.usage)
    this.#run(nodes)
    this.#nodes(nodes, takenAt, marks)
    this.#completed(nodes, marks)
    this.#decisions()
    this.#timers(nodes, takenAt)
    this.#signals()
    this.#cache(takenAt)
    this.#accumulators()
    this.#executions(nodes, usage)
    this.#names('/variables', this.#slots.variables)
    this.#map('/counters', document.counters)
    this.#names('/context/variables', this.#slots.contextVariables)
    this.#names('/context/constants', this.#slots.contextConstants)
    const maxUsage = document.config?.limits?.maxUsage
    if (maxUsage !== undefined) {
      for (const [name, value] of this.#map('/config/limits/maxUsage', maxUsage)) {
        if (numberOf(value) < 0) this.#report(`/config/limits/maxUsage/${escapeSegment(name)}`, 'a limit is 0 or more')
      }
    }
    return this.#found
  }

  #run(nodes: ReadonlyMap<string, NodeDocument>): void {
    const { run, completedNodes } = this.#document
    const { seq, at } = run.head
    this.#time('/run/startedAt', run.startedAt)
    this.#time('/run/endedAt', run.endedAt)
    this.#time('/run/head/at', at)
    if ((seq === 0) !== (at === null))
      this.#report('/run/head', `sequence ${seq} and time ${at} do not go together: a run without facts has neither`)
    if ((run.status === 'pending') !== (seq === 0))
      this.#report(
        '/run/status',
        `the run is ${run.status} at sequence ${seq}: a run is pending exactly while it has no facts`,
      )
    if (completedNodes.length > 0 && seq <= completedNodes.length) {
      this.#report(
        '/run/head/seq',
        `${completedNodes.length} nodes have completed, each of which is a fact after the first, but the sequence is ${seq}`,
      )
    }
    if (run.failedNodeId !== null && this.#indexOf(run.failedNodeId) === NOWHERE) {
      this.#report('/run/failedNodeId', `the workflow has no node ${JSON.stringify(run.failedNodeId)}`)
    }
    if (run.status === 'failed' && run.error === null) this.#report('/run/error', 'a failed run has an error')
    if (['completed', 'failed', 'canceled'].includes(run.status) && run.endedAt === null) {
      this.#report('/run/endedAt', `a run that is ${run.status} has an end`)
    }
    if (run.status === 'completed') {
      // A usual node is completed.
      for (const [id, { status }] of nodes) {
        if (status === 'running' || status === 'retrying') {
          this.#report(`/nodes/${escapeSegment(id)}/status`, `the run is completed, but the node is ${status}`)
        }
      }
    }
  }

  #nodes(nodes: ReadonlyMap<string, NodeDocument>, takenAt: number, { usualStrangers }: Marks): void {
    for (const id of usualStrangers) this.#noNode(`/nodes/${escapeSegment(id)}`, id)
    for (const [id, node] of nodes) {
      // Paths are put together for those nodes alone in which something is wrong.
      const path = (member = '') => `/nodes/${escapeSegment(id)}${member}`
      if (this.#indexOf(id) === NOWHERE) {
        this.#noNode(path(), id)
        continue
      }
      this.#instants(id, node)
      if (node.attempt > 0 && node.startedAt === null)
        this.#report(path('/startedAt'), `the node has started ${node.attempt} times, but at no time`)
      if (node.status === 'running' && node.attempt === 0)
        this.#report(path('/attempt'), 'a running node has been started')
      if (node.status === 'failed' && node.error === undefined)
        this.#report(path('/error'), 'a failed node has an error')
      if ((node.status === 'skipped') !== (node.skipReason !== undefined)) {
        this.#report(path('/skipReason'), 'a skipped node has a reason, and no other has')
      }
      if (node.status === 'retrying' && node.dueAt === undefined)
        this.#report(path('/dueAt'), 'a retrying node is due at some time')
      if ((node.dueAt === undefined) !== (node.remainingMs === undefined)) {
        this.#report(path(), 'dueAt and remainingMs stand together')
      } else if (node.dueAt !== undefined) {
        this.#remaining(path('/remainingMs'), node.dueAt, path('/dueAt'), node.remainingMs!, takenAt)
      }
    }
  }

  /** Results and completed nodes by the index of their node: an id of a large document is looked up once. */
  #completed(nodes: ReadonlyMap<string, NodeDocument>, { isUsual, hasResult, strangers }: Marks): void {
    const { usualNodes, results } = this.#slots
    const isCompleted = new Uint8Array(isUsual.length)
    const strange = new Set<string>()
    let usual = 0
    this.#document.completedNodes.forEach((id, place) => {
      const path = () => `/completedNodes/${place}`
      const index = this.#indexOf(id)
      if (index === NOWHERE ? strange.has(id) : isCompleted[index] === 1) {
        this.#report(path(), `the node ${JSON.stringify(id)} stands twice`)
      } else if (index === NOWHERE) {
        this.#noNode(path(), id)
        strange.add(id)
      } else {
        isCompleted[index] = 1
        usual += isUsual[index]!
        if (hasResult[index] === 0)
          this.#report(path(), `the node ${JSON.stringify(id)} has completed, but has no result`)
        const status = isUsual[index] === 1 ? 'completed' : (nodes.get(id)?.status ?? 'pending')
        if (status !== 'completed')
          this.#report(path(), `the node ${JSON.stringify(id)} has completed, but its status is ${status}`)
      }
    })
    results.forEach(({ name }, place) => {
      const path = () => `/results/${escapeSegment(name)}`
      const index = this.#indexOf(name, place)
      if (index === NOWHERE) this.#noNode(path(), name)
      else if (isCompleted[index] === 0)
        this.#report(path(), `the node ${JSON.stringify(name)} has a result, but is not among completedNodes`)
    })
    const isMentioned = (id: string) => {
      const index = this.#indexOf(id)
      if (index === NOWHERE) return strange.has(id) || strangers.has(id)
      return isCompleted[index] === 1 || hasResult[index] === 1
    }
    const completed = usual === usualNodes.size ? [] : [...usualNodes.keys()]
    for (const [id, { status }] of nodes) if (status === 'completed') completed.push(id)
    for (const id of completed) {
      if (isMentioned(id)) continue
      this.#report(
        `/nodes/${escapeSegment(id)}/status`,
        'the node is completed, but is not among completedNodes and has no result',
      )
    }
  }

  #decisions(): void {
    const decisions = this.#map('/decisions', this.#document.decisions)
    if (decisions.size === 0) return
    let keys: ReadonlySet<string>
    try {
      keys = new Set(edgeKeysOf(this.#workflow as WorkflowDefinition))
    } catch {
      // A workflow that can't be indexed is reported as a whole by the graph checks that follow.
      return
    }
    for (const key of decisions.keys()) {
      if (!keys.has(key))
        this.#report(`/decisions/${escapeSegment(key)}`, `the workflow has no edge ${JSON.stringify(key)}`)
    }
  }

  #timers(nodes: ReadonlyMap<string, NodeDocument>, takenAt: number): void {
    const timed = new Set<string>()
    this.#document.timers.forEach(({ nodeId, dueAt, remainingMs }, index) => {
      const path = `/timers/${index}`
      const node = nodes.get(nodeId)
      const due = this.#remaining(`${path}/remainingMs`, dueAt, `${path}/dueAt`, remainingMs, takenAt)
      if (timed.has(nodeId)) this.#report(path, `the node ${JSON.stringify(nodeId)} has two timers`)
      else if (node?.status !== 'retrying') this.#report(path, `the node ${JSON.stringify(nodeId)} waits for no retry`)
      else if (node.dueAt !== undefined && due !== null && parseTime(node.dueAt) !== due) {
        this.#report(`${path}/dueAt`, `the timer is due at ${dueAt}, its node at ${node.dueAt}`)
      }
      timed.add(nodeId)
    })
    for (const [id, { status }] of nodes) {
      if (status === 'retrying' && !timed.has(id))
        this.#report(`/nodes/${escapeSegment(id)}`, 'the node waits for a retry, but has no timer')
    }
  }

  #signals(): void {
    let before = 0
    this.#document.signals.forEach(({ seq, at }, index) => {
      this.#time(`/signals/${index}/at`, at)
      if (seq <= before || seq > this.#document.run.head.seq) {
        this.#report(
          `/signals/${index}/seq`,
          `the sequence ${seq} is not above the one before and at most that of the run`,
        )
      }
      before = seq
    })
  }

  #cache(takenAt: number): void {
    for (const [key, { expiresAt, remainingTtlMs }] of this.#map<CacheDocument>('/cache', this.#document.cache)) {
      const path = `/cache/${escapeSegment(key)}`
      if ((expiresAt === null) !== (remainingTtlMs === null))
        this.#report(path, 'expiresAt and remainingTtlMs are both null or neither')
      else if (expiresAt !== null) {
        const at = this.#remaining(`${path}/remainingTtlMs`, expiresAt, `${path}/expiresAt`, remainingTtlMs!, takenAt)
        if (at !== null && !isAlive(at, takenAt)) this.#report(path, 'the entry was dead when the snapshot was taken')
      }
    }
  }

  #accumulators(): void {
    for (const [name, accumulator] of this.#map<AccumulatorDocument>('/accumulators', this.#document.accumulators)) {
      if (accumulator.operation === 'append' || accumulator.value === null) continue
      const isText = typeof accumulator.value === 'string'
      if (isText !== (accumulator.operation === 'concat')) {
        this.#report(
          `/accumulators/${escapeSegment(name)}/value`,
          `${accumulator.operation} does not make a ${isText ? 'text' : 'number'}`,
        )
      }
    }
  }

  #executions(nodes: ReadonlyMap<string, NodeDocument>, usage: ReadonlyMap<string, unknown>): void {
    for (const [name, value] of usage) {
      if (numberOf(value) < 0) this.#report(`/usage/${escapeSegment(name)}`, 'use is 0 or more')
    }
    let attempts = this.#slots.usualNodes.size
    for (const { attempt } of nodes.values()) attempts += attempt
    const counted = numberOf(usage.get('nodeExecutions') ?? 0)
    if (attempts > counted) {
      this.#report(
        '/usage/nodeExecutions',
        `the nodes were started ${attempts} times together, but ${counted} executions are counted`,
      )
    }
  }

  /** What stands where by the index of its node; a result that stands twice, which only the tag form allows, is a problem. */
  #marks(): Marks {
    const { usualNodes, results } = this.#slots
    const isUsual = new Uint8Array(this.#ids.length)
    const hasResult = new Uint8Array(this.#ids.length)
    const strangers = new Set<string>()
    const usualStrangers: string[] = []
    results.forEach(({ name }, place) => {
      const index = this.#indexOf(name, place)
      const isTwice = index === NOWHERE ? strangers.has(name) : hasResult[index] === 1
      if (isTwice) this.#report('/results', `the name ${JSON.stringify(name)} stands twice`)
      else if (index === NOWHERE) strangers.add(name)
      else hasResult[index] = 1
    })
    let place = 0
    for (const id of usualNodes.keys()) {
      const index = this.#indexOf(id, place)
      if (index === NOWHERE) usualStrangers.push(id)
      else isUsual[index] = 1
      place += 1
    }
    return { isUsual, hasResult, strangers, usualStrangers }
  }

  /** Index of a node; maps of a document have their nodes in the order of the workflow, if not all of them. */
  #indexOf(id: string, near = NOWHERE): number {
    return this.#ids[near] === id ? near : (this.#indexes.get(id) ?? NOWHERE)
  }

  /** Names of values; one that stands twice, which only the tag form allows, is a problem. */
  #names(path: string, spans: readonly NamedSpan[]): ReadonlySet<string> {
    const names = new Set<string>()
    for (const { name } of spans) {
      if (names.has(name)) this.#report(path, `the name ${JSON.stringify(name)} stands twice`)
      names.add(name)
    }
    return names
  }

  /** Entries of a map by name; a name that stands twice, which only the tag form allows, is a problem. */
  #map<T = unknown>(path: string, tree: object): ReadonlyMap<string, T> {
    const entries = new Map<string, T>()
    for (const [name, value] of mapEntries(tree)) {
      if (entries.has(name)) this.#report(path, `the name ${JSON.stringify(name)} stands twice`)
      entries.set(name, value as T)
    }
    return entries
  }

  #time(path: string, text: string | null): number | null {
    if (text === null) return null
    const at = parseTime(text)
    if (at === null) this.#report(path, `${JSON.stringify(text)} is no instant of the calendar`)
    return at
  }

  /** The instants of a node, held to the calendar; its path is only put together when one is wrong. */
  #instants(id: string, { startedAt, endedAt }: NodeDocument): void {
    if (startedAt !== null && parseTime(startedAt) === null) {
      this.#time(`/nodes/${escapeSegment(id)}/startedAt`, startedAt)
    }
    if (endedAt !== null && parseTime(endedAt) === null) this.#time(`/nodes/${escapeSegment(id)}/endedAt`, endedAt)
  }

  /** The instant of a deadline, held against the time that remained until then. */
  #remaining(path: string, deadline: string, deadlinePath: string, remaining: number, takenAt: number): number | null {
    const at = this.#time(deadlinePath, deadline)
    if (at !== null && Math.abs(Math.max(0, at - takenAt) - remaining) > TOLERANCE_MS) {
      this.#report(path, `${remaining} ms remained until ${deadline}, which does not fit the time of the snapshot`)
    }
    return at
  }

  #noNode(path: string, id: string): void {
    this.#report(path, `the workflow has no node ${JSON.stringify(id)}`)
  }

  #report(path: string, message: string): void {
    if (this.#found.length < MAX_FOUND) this.#found.push({ path, message })
  }
}
