import { escapeSegment } from '../base/json-pointer.ts'
import type { NodeDefinition, WorkflowDefinition } from '../workflow/definition.ts'
import { edgeKeysOf, isAlive } from './assemble.ts'
import type { AccumulatorDocument, CacheDocument, NodeDocument, SnapshotDocument } from './document.ts'
import { Findings } from './findings.ts'
import { numberOf } from './json-text.ts'
import { NOWHERE, type NodePlaces } from './node-places.ts'
import type { RunLevel } from './read-children.ts'
import { checkCompensations } from './rules-compensations.ts'
import { checkParts } from './rules-parts.ts'
import { checkWaits } from './rules-waits.ts'
import type { SlotSpans } from './scan.ts'
import type { DocumentProblem } from './schema-problems.ts'
import { parseTime } from './time.ts'

/** Where the members of a run of a document contradict each other or name what its workflow does not have: all places at once. */
export function contradictions(level: RunLevel): readonly DocumentProblem[] {
  return new Contradictions(level).find()
}

class Contradictions {
  readonly #document: SnapshotDocument
  readonly #workflow: Pick<WorkflowDefinition, 'nodes' | 'edges'>
  readonly #nodeStates: ReadonlyMap<string, NodeDocument>
  readonly #slots: SlotSpans
  readonly #places: NodePlaces
  readonly #findings: Findings
  readonly #hosts: ReadonlySet<string>
  readonly #isNested: boolean

  constructor({ path, document, definition: workflow, nodes, places, slots, hosts, host }: RunLevel) {
    this.#isNested = host !== null
    this.#document = document
    this.#hosts = hosts
    this.#workflow = workflow
    this.#nodeStates = nodes
    this.#slots = slots
    this.#findings = new Findings(document.snapshotTime, path)
    this.#places = places
  }

  find(): readonly DocumentProblem[] {
    const document = this.#document
    const nodes = this.#nodeStates
    // Entries in tag form alone can have a name twice, and are then more than the names.
    if (Object.hasOwn(document.nodes, '#type')) this.#findings.map('/nodes', document.nodes)
    for (const name of this.#places.twice)
      this.#findings.report('/results', `the name ${JSON.stringify(name)} stands twice`)
    const usage = this.#findings.map('/usage', document.usage)
    this.#run(nodes)
    this.#nodes(nodes)
    this.#completed(nodes)
    this.#decisions()
    const definitionOf = (id: string) => this.#definitionOf(id)
    const known = { document, nodes, places: this.#places, slots: this.#slots, hosts: this.#hosts, definitionOf }
    checkWaits(this.#findings, known)
    checkCompensations(this.#findings, known, this.#isNested)
    const attempts = checkParts(this.#findings, known)
    this.#cache()
    this.#accumulators()
    this.#executions(nodes, usage, attempts)
    this.#findings.names('/variables', this.#slots.variables)
    this.#findings.names('/types', this.#slots.types)
    this.#findings.map('/counters', document.counters)
    this.#findings.names('/context/variables', this.#slots.contextVariables)
    this.#findings.names('/context/constants', this.#slots.contextConstants)
    const maxUsage = document.config?.limits?.maxUsage
    if (maxUsage !== undefined) {
      for (const [name, value] of this.#findings.map('/config/limits/maxUsage', maxUsage)) {
        if (numberOf(value) < 0)
          this.#findings.report(`/config/limits/maxUsage/${escapeSegment(name)}`, 'a limit is 0 or more')
      }
    }
    return this.#findings.problems
  }

  #run(nodes: ReadonlyMap<string, NodeDocument>): void {
    const { run, completedNodes } = this.#document
    const { seq, at } = run.head
    this.#findings.time('/run/startedAt', run.startedAt)
    this.#findings.time('/run/endedAt', run.endedAt)
    this.#findings.time('/run/head/at', at)
    if ((seq === 0) !== (at === null))
      this.#findings.report(
        '/run/head',
        `sequence ${seq} and time ${at} do not go together: a run without facts has neither`,
      )
    if ((run.status === 'pending') !== (seq === 0))
      this.#findings.report(
        '/run/status',
        `the run is ${run.status} at sequence ${seq}: a run is pending exactly while it has no facts`,
      )
    if (completedNodes.length > 0 && seq <= completedNodes.length) {
      this.#findings.report(
        '/run/head/seq',
        `${completedNodes.length} nodes have completed, each of which is a fact after the first, but the sequence is ${seq}`,
      )
    }
    if (run.failedNodeId !== null && this.#indexOf(run.failedNodeId) === NOWHERE) {
      this.#findings.report('/run/failedNodeId', `the workflow has no node ${JSON.stringify(run.failedNodeId)}`)
    }
    if (run.status === 'failed' && run.error === null) this.#findings.report('/run/error', 'a failed run has an error')
    if (['completed', 'failed', 'canceled'].includes(run.status) && run.endedAt === null) {
      this.#findings.report('/run/endedAt', `a run that is ${run.status} has an end`)
    }
    if (run.status === 'completed') {
      // A usual node is completed.
      for (const [id, { status }] of nodes) {
        if (status === 'running' || status === 'retrying' || status === 'waiting') {
          this.#findings.report(`/nodes/${escapeSegment(id)}/status`, `the run is completed, but the node is ${status}`)
        }
      }
    }
  }

  #nodes(nodes: ReadonlyMap<string, NodeDocument>): void {
    for (const id of this.#places.usualStrangers) this.#noNode(`/nodes/${escapeSegment(id)}`, id)
    for (const [id, node] of nodes) {
      // Paths are put together for those nodes alone in which something is wrong.
      const path = (member = '') => `/nodes/${escapeSegment(id)}${member}`
      if (this.#indexOf(id) === NOWHERE) {
        this.#noNode(path(), id)
        continue
      }
      this.#instants(id, node)
      if (node.attempt > 0 && node.startedAt === null)
        this.#findings.report(path('/startedAt'), `the node has started ${node.attempt} times, but at no time`)
      if (node.status === 'running' && node.attempt === 0)
        this.#findings.report(path('/attempt'), 'a running node has been started')
      if (node.status === 'failed' && node.error === undefined)
        this.#findings.report(path('/error'), 'a failed node has an error')
      if ((node.status === 'skipped') !== (node.skipReason !== undefined)) {
        this.#findings.report(path('/skipReason'), 'a skipped node has a reason, and no other has')
      }
      if (node.status === 'retrying' && node.dueAt === undefined)
        this.#findings.report(path('/dueAt'), 'a retrying node is due at some time')
      const marked = node.operator === 'set' ? 'completed' : 'failed'
      if (node.operator !== undefined && node.status !== marked)
        this.#findings.report(
          path('/operator'),
          `a node that was ${node.operator} is ${marked}, and this one is ${node.status}`,
        )
      this.#findings.deadline(path, node)
    }
  }

  /** Results and completed nodes by the index of their node: an id of a large document is looked up once. */
  #completed(nodes: ReadonlyMap<string, NodeDocument>): void {
    const { usualNodes, results } = this.#slots
    const { usual: usualOf, resultOf, strangers } = this.#places
    const isCompleted = new Uint8Array(usualOf.length)
    const strange = new Set<string>()
    let usual = 0
    const { completedNodes } = this.#document
    // Nodes complete in nearly the order they are defined in, so most are where the one after the last stands.
    let near = 0
    const path = (place: number) => `/completedNodes/${place}`
    for (let place = 0; place < completedNodes.length; place += 1) {
      const id = completedNodes[place]!
      const index = this.#indexOf(id, near)
      near = index + 1
      if (index === NOWHERE ? strange.has(id) : isCompleted[index] === 1) {
        this.#findings.report(path(place), `the node ${JSON.stringify(id)} stands twice`)
      } else if (index === NOWHERE) {
        this.#noNode(path(place), id)
        strange.add(id)
      } else {
        isCompleted[index] = 1
        if (usualOf[index] !== undefined) usual += 1
        if (resultOf[index] === NOWHERE)
          this.#findings.report(path(place), `the node ${JSON.stringify(id)} has completed, but has no result`)
        const status = usualOf[index] !== undefined ? 'completed' : (nodes.get(id)?.status ?? 'pending')
        if (status !== 'completed')
          this.#findings.report(
            path(place),
            `the node ${JSON.stringify(id)} has completed, but its status is ${status}`,
          )
      }
    }
    for (const name of strangers) this.#noNode(`/results/${escapeSegment(name)}`, name)
    for (let index = 0; index < resultOf.length; index += 1) {
      if (resultOf[index] === NOWHERE || isCompleted[index] === 1) continue
      const { name } = results[resultOf[index]!]!
      this.#findings.report(
        `/results/${escapeSegment(name)}`,
        `the node ${JSON.stringify(name)} has a result, but is not among completedNodes`,
      )
    }
    const isMentioned = (id: string) => {
      const index = this.#indexOf(id)
      if (index === NOWHERE) return strange.has(id) || strangers.has(id)
      return isCompleted[index] === 1 || resultOf[index] !== NOWHERE
    }
    const completed = usual === usualNodes.ids.length ? [] : [...usualNodes.ids]
    for (const [id, { status }] of nodes) if (status === 'completed') completed.push(id)
    for (const id of completed) {
      if (isMentioned(id)) continue
      this.#findings.report(
        `/nodes/${escapeSegment(id)}/status`,
        'the node is completed, but is not among completedNodes and has no result',
      )
    }
  }

  #decisions(): void {
    const decisions = this.#findings.map('/decisions', this.#document.decisions)
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
        this.#findings.report(`/decisions/${escapeSegment(key)}`, `the workflow has no edge ${JSON.stringify(key)}`)
    }
  }

  #cache(): void {
    for (const [key, { expiresAt, remainingTtlMs }] of this.#findings.map<CacheDocument>(
      '/cache',
      this.#document.cache,
    )) {
      const path = `/cache/${escapeSegment(key)}`
      if ((expiresAt === null) !== (remainingTtlMs === null))
        this.#findings.report(path, 'expiresAt and remainingTtlMs are both null or neither')
      else if (expiresAt !== null) {
        const at = this.#findings.remaining(`${path}/remainingTtlMs`, expiresAt, `${path}/expiresAt`, remainingTtlMs!)
        if (at !== null && !isAlive(at, this.#findings.takenAt))
          this.#findings.report(path, 'the entry was dead when the snapshot was taken')
      }
    }
  }

  #accumulators(): void {
    for (const [name, accumulator] of this.#findings.map<AccumulatorDocument>(
      '/accumulators',
      this.#document.accumulators,
    )) {
      if (accumulator.operation === 'append' || accumulator.value === null) continue
      const isText = typeof accumulator.value === 'string'
      if (isText !== (accumulator.operation === 'concat')) {
        this.#findings.report(
          `/accumulators/${escapeSegment(name)}/value`,
          `${accumulator.operation} does not make a ${isText ? 'text' : 'number'}`,
        )
      }
    }
  }

  /** @param ofItems - how often items were started together */
  #executions(nodes: ReadonlyMap<string, NodeDocument>, usage: ReadonlyMap<string, unknown>, ofItems: number): void {
    for (const [name, value] of usage) {
      if (numberOf(value) < 0) this.#findings.report(`/usage/${escapeSegment(name)}`, 'use is 0 or more')
    }
    let attempts = this.#slots.usualNodes.ids.length + ofItems
    for (const { attempt } of nodes.values()) attempts += attempt
    const counted = numberOf(usage.get('nodeExecutions') ?? 0)
    if (attempts > counted) {
      this.#findings.report(
        '/usage/nodeExecutions',
        `the nodes were started ${attempts} times together, but ${counted} executions are counted`,
      )
    }
  }

  /** Index of a node; maps of a document have their nodes in the order of the workflow, if not all of them. */
  #indexOf(id: string, near = NOWHERE): number {
    const { ids, indexOf } = this.#places
    return ids[near] === id ? near : (indexOf.get(id) ?? NOWHERE)
  }

  /** The instants of a node, held to the calendar; its path is only put together when one is wrong. */
  #instants(id: string, { startedAt, endedAt }: NodeDocument): void {
    if (startedAt !== null && parseTime(startedAt) === null) {
      this.#findings.time(`/nodes/${escapeSegment(id)}/startedAt`, startedAt)
    }
    if (endedAt !== null && parseTime(endedAt) === null)
      this.#findings.time(`/nodes/${escapeSegment(id)}/endedAt`, endedAt)
  }

  #definitionOf(id: string): NodeDefinition | undefined {
    const index = this.#indexOf(id)
    return index === NOWHERE ? undefined : this.#workflow.nodes[index]
  }

  #noNode(path: string, id: string): void {
    this.#findings.report(path, `the workflow has no node ${JSON.stringify(id)}`)
  }
}
