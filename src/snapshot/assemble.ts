import { encodedText } from '../base/encoded.ts'
import type { Compensating } from '../run/compensation.ts'
import type { NodeState, RunState, TokenState } from '../run/state.ts'
import type { WaitState } from '../run/wait.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import { buildGraph } from '../workflow/graph.ts'
import { digestOfText } from './hash.ts'
import { escapeName, jsonText, mapText, numberText, sortedMapText } from './json-text.ts'
import { partsText } from './parts-text.ts'
import { SlotTexts } from './slot-text.ts'
import { isoTime, isoTimeOrNull, remainingMs } from './time.ts'
import { timersOf } from './timers.ts'
import { SNAPSHOT_FORMAT, SNAPSHOT_VERSION } from './version.ts'

/** What a document is made of beside the state of the run. */
export interface SnapshotMoment {
  /** When it was taken, in epoch ms. */
  readonly at: number
  /** Epoch of the claim under which the run is written. */
  readonly epoch: number
  /** Digest of the history up to the head, where one is kept. */
  readonly headDigest: string | null
}

/** The compact text of a run's document. Texts are joined; no value of a user's is walked. */
export function documentText(state: RunState, moment: SnapshotMoment): string {
  const slots = new SlotTexts()
  const body =
    `{"format":"${SNAPSHOT_FORMAT}","version":"${SNAPSHOT_VERSION}","snapshotTime":"${isoTime(moment.at)}"` +
    `,"run":${runText(state, moment)},"workflow":${workflowText(state)},${membersText(state, moment.at, slots)}` +
    `,"signals":${signalsText(state, slots)}${member('signalKeys', sortedMapText(state.signalKeys, String))}${member(
      'types',
      sortedMapText(state.types, (value) => slots.value(value)),
    )}` +
    member('tokens', sortedMapText(state.tokens, tokenText)) +
    `,"usage":${sortedMapText(state.usage, numberText)},"config":${configText(state)},"children":${childrenText(state, moment.at)}`
  return `${body},"integrity":{"algorithm":"sha256","digest":"${digestOfText(body, '}')}"}}`
}

/** What a run of its own and one nested in it have alike. */
function membersText(state: RunState, at: number, slots: SlotTexts): string {
  return (
    `"nodes":${nodesText(state, at)}` +
    // Results come before everything that may refer to them.
    `,"results":${resultsText(state, slots)},"completedNodes":${JSON.stringify(state.completed)}` +
    `,"decisions":${decisionsText(state)}${member('parts', partsText(state, at, slots))}` +
    `${member('compensations', compensationsText(state, at))},"variables":${sortedMapText(state.variables, (value) => slots.value(value))}` +
    `,"accumulators":${accumulatorsText(state, slots)},"counters":${sortedMapText(state.counters, numberText)}` +
    `,"cache":${cacheText(state, at, slots)}` +
    `,"context":{"variables":${sortedMapText(state.contextVariables, (value) => slots.value(value))}` +
    `,"constants":${sortedMapText(state.contextConstants, (value) => slots.value(value))}}` +
    `,"timers":${JSON.stringify(timersOf(state, at))}`
  )
}

/** The runs that nodes are, in definition order; each refers to results of its own alone. Its depth is that of the definition. */
function childrenText({ nodes, workflow }: RunState, at: number): string {
  const texts: string[] = []
  nodes.forEach(({ parts }, index) => {
    const child = parts?.child
    if (child == null) return
    texts.push(
      `{"node":${JSON.stringify(workflow.nodes[index]!.id)},"run":${childRunText(child)},` +
        `${membersText(child, at, new SlotTexts())},"children":${childrenText(child, at)}}`,
    )
  })
  return `[${texts.join(',')}]`
}

function childRunText({ status, parent, startedAt, endedAt, error, failedNodeId, seed, input }: RunState): string {
  return (
    `{"status":"${status}","begunBy":${parent?.seq ?? 0},"startedAt":${timeText(startedAt)},"endedAt":${timeText(endedAt)}` +
    `,"error":${jsonText(error)},"failedNodeId":${JSON.stringify(failedNodeId)},"seed":${seed},"input":${encodedText(input)}}`
  )
}

/** A member of the document that is left out when it is an empty map. */
function member(name: string, text: string): string {
  return text === '{}' ? '' : `,"${name}":${text}`
}

/** Whether nothing has happened to a node, so that a document leaves it out. */
export function isUntouched(node: NodeState): boolean {
  return (
    node.status === 'pending' &&
    node.attempt === 0 &&
    node.failures === 0 &&
    node.startedAt === null &&
    node.endedAt === null &&
    node.error === null &&
    !node.fallback &&
    !node.continues &&
    node.wait === null &&
    node.parts === null
  )
}

/** Active milliseconds of a run up to an instant. */
export function activeMsAt(state: RunState, at: number): number {
  return state.activeMs + (state.activeSince === null ? 0 : Math.max(0, at - state.activeSince))
}

function runText(state: RunState, { at, epoch, headDigest }: SnapshotMoment): string {
  return (
    `{"id":${JSON.stringify(state.runId)},"status":"${state.status}","pausing":${state.pausing},"parent":${jsonText(state.parent)}` +
    `,"head":{"seq":${state.seq},"at":${timeText(state.seq === 0 ? null : state.lastAt)},"digest":${JSON.stringify(headDigest)}}` +
    `,"epoch":${epoch},"startedAt":${timeText(state.startedAt)},"endedAt":${timeText(state.endedAt)}` +
    `,"activeMs":${activeMsAt(state, at)},"error":${jsonText(state.error)},"failedNodeId":${JSON.stringify(state.failedNodeId)}` +
    `,"reason":${JSON.stringify(state.reason)},"seed":${state.seed},"input":${encodedText(state.input)}` +
    `${state.fruitlessResumes === 0 ? '' : `,"fruitlessResumes":${state.fruitlessResumes}`}` +
    `${state.compensating === null ? '' : `,"compensating":${compensatingText(state.compensating)}`}}`
  )
}

function compensatingText({ cause, error, nodeId, reason }: Compensating): string {
  return `{"cause":"${cause}","error":${jsonText(error)},"nodeId":${JSON.stringify(nodeId)},"reason":${JSON.stringify(reason)}}`
}

function compensationsText({ workflow, compensations }: RunState, at: number): string {
  if (Object.keys(compensations).length === 0) return '{}'
  const known = workflow.nodes.filter(({ id }) => compensations[id] !== undefined)
  return mapText(
    known.map(({ id }) => {
      const { status, attempt, failures, error, dueAt } = compensations[id]!
      let text = `{"status":"${status}","attempt":${attempt},"failures":${failures}`
      if (error !== null) text += `,"error":${jsonText(error)}`
      if (dueAt !== null) text += `,"dueAt":"${isoTime(dueAt)}","remainingMs":${remainingMs(at, dueAt)}`
      return [id, `${text}}`]
    }),
  )
}

/** The text of a definition around its fingerprint; in pieces, since to join those of a large one copies all of it. */
export interface DefinitionText {
  readonly head: string
  readonly tail: readonly string[]
}

/** Texts of definitions; a definition never changes, and every snapshot of its runs has it. */
const definitionTexts = new WeakMap<WorkflowDefinition, DefinitionText>()

function workflowText({ workflow, fingerprint }: RunState): string {
  const { head, tail } = definitionTextOf(workflow)
  return `${head}${JSON.stringify(fingerprint)}${tail.join('')}`
}

/** The text of a definition; made once. */
export function definitionTextOf(workflow: WorkflowDefinition): DefinitionText {
  let text = definitionTexts.get(workflow)
  if (text === undefined) {
    text = definitionText(workflow)
    definitionTexts.set(workflow, text)
  }
  return text
}

function definitionText(workflow: WorkflowDefinition): DefinitionText {
  const { id, version, nodes, edges, fingerprint: _, ...unknown } = workflow
  const head = [JSON.stringify(id), JSON.stringify(version)] as const
  const members: [string, string][] = [
    ['nodes', jsonText(nodes)],
    ['edges', jsonText(edges)],
  ]
  for (const [name, member] of Object.entries(unknown)) members.push([name, jsonText(member)])
  // A member `__proto__` needs the tag form, for the whole of the workflow.
  if (Object.hasOwn(unknown, '__proto__')) {
    return {
      head: `{"#type":"Object","entries":[["id",${head[0]}],["version",${head[1]}],["fingerprint",`,
      tail: [']', ...members.flatMap(([name, member]) => [`,[${JSON.stringify(name)},`, member, ']']), ']}'],
    }
  }
  return {
    head: `{"id":${head[0]},"version":${head[1]},"fingerprint":`,
    tail: [...members.flatMap(([name, member]) => [`,${JSON.stringify(escapeName(name))}:`, member]), '}'],
  }
}

function nodesText(state: RunState, at: number): string {
  const entries: [string, string][] = []
  const { nodes } = state.workflow
  state.nodes.forEach((node, index) => {
    if (!isUntouched(node)) entries.push([nodes[index]!.id, nodeText(node, at)])
  })
  return mapText(entries)
}

function nodeText(node: NodeState, at: number): string {
  let text =
    `{"status":"${node.status}","attempt":${node.attempt},"failures":${node.failures}` +
    `,"startedAt":${timeText(node.startedAt)},"endedAt":${timeText(node.endedAt)}`
  if (node.error !== null) text += `,"error":${jsonText(node.error)}`
  if (node.dueAt !== null) text += `,"dueAt":"${isoTime(node.dueAt)}","remainingMs":${remainingMs(at, node.dueAt)}`
  if (node.continues) text += ',"continues":true'
  if (node.fallback) text += ',"fallback":true'
  if (node.skipReason !== null) text += `,"skipReason":"${node.skipReason}"`
  if (node.operator !== null) text += `,"operator":"${node.operator}"`
  if (node.wait !== null) text += `,"wait":${waitText(node.wait)}`
  return `${text}}`
}

function waitText(wait: WaitState): string {
  const { kind, id, durationMs, onLoad } = wait
  const text = `{"kind":"${kind}","id":"${id}","durationMs":${durationMs},"onLoad":"${onLoad}"`
  if (wait.kind === 'timer') return `${text}}`
  return `${text},"name":${JSON.stringify(wait.name)},"onTimeout":"${wait.onTimeout}","take":"${wait.take}"}`
}

function resultsText(state: RunState, slots: SlotTexts): string {
  const entries: [string, string][] = []
  const { nodes } = state.workflow
  state.nodes.forEach(({ status, output }, index) => {
    const { id } = nodes[index]!
    if (status === 'completed' && output !== undefined) entries.push([id, slots.result(id, output)])
  })
  return mapText(entries)
}

const edgeKeyLists = new WeakMap<WorkflowDefinition, readonly string[]>()

/** Keys of a definition's edges, in definition order. */
export function edgeKeysOf(definition: WorkflowDefinition): readonly string[] {
  let keys = edgeKeyLists.get(definition)
  if (keys === undefined) {
    keys = buildGraph(definition).edgeKeys
    edgeKeyLists.set(definition, keys)
  }
  return keys
}

function decisionsText({ workflow, decisions }: RunState): string {
  if (Object.keys(decisions).length === 0) return '{}'
  const known = edgeKeysOf(workflow).filter((key) => decisions[key] !== undefined)
  return mapText(known.map((key) => [key, String(decisions[key])]))
}

function accumulatorsText(state: RunState, slots: SlotTexts): string {
  return sortedMapText(state.accumulators, ({ operation, value, items }) => {
    if (operation === 'append')
      return `{"operation":"append","items":[${items.map((item) => slots.value(item)).join(',')}]}`
    return `{"operation":"${operation}","value":${typeof value === 'number' ? numberText(value) : JSON.stringify(value)}}`
  })
}

function tokenText({ waitId, expiresAt }: TokenState): string {
  return `{"waitId":${JSON.stringify(waitId)},"expiresAt":${timeText(expiresAt)}}`
}

function cacheText(state: RunState, at: number, slots: SlotTexts): string {
  const alive = Object.keys(state.cache)
    .sort()
    .filter((key) => isAlive(state.cache[key]!.expiresAt, at))
  return mapText(
    alive.map((key) => {
      const { value, expiresAt } = state.cache[key]!
      const remaining = expiresAt === null ? 'null' : remainingMs(at, Date.parse(isoTime(expiresAt)))
      return [key, `{"value":${slots.value(value)},"expiresAt":${timeText(expiresAt)},"remainingTtlMs":${remaining}}`]
    }),
  )
}

/** Whether a cache entry may be used: only while now is before its expiry. */
export function isAlive(expiresAt: number | null, now: number): boolean {
  return expiresAt === null || now < expiresAt
}

function signalsText(state: RunState, slots: SlotTexts): string {
  const signals = state.signals.map(
    ({ seq, at, name, payload, waitId, fits }) =>
      `{"seq":${seq},"at":"${isoTime(at)}","name":${JSON.stringify(name)},"payload":${slots.value(payload)}` +
      `${waitId === undefined ? '' : `,"waitId":"${waitId}"`}${fits === undefined ? '' : `,"fits":${JSON.stringify(fits)}`}}`,
  )
  return `[${signals.join(',')}]`
}

function configText({ config: { concurrency, limits, oversizedResults, compensateOn } }: RunState): string {
  const limitsText = (
    [
      'runTimeoutMs',
      'nodeTimeoutMs',
      'maxNodes',
      'maxNodeExecutions',
      'maxFruitlessResumes',
      'maxUsage',
      'maxResultBytes',
      'maxStateBytes',
      'maxSnapshotBytes',
    ] as const
  ).map(
    (name) =>
      `"${name}":${name === 'maxUsage' ? sortedMapText(limits.maxUsage, numberText) : JSON.stringify(limits[name])}`,
  )
  return `{"concurrency":${JSON.stringify(concurrency)},"limits":{${limitsText.join(',')}},"oversizedResults":"${oversizedResults}"${compensateOn === undefined ? '' : `,"compensateOn":${JSON.stringify(compensateOn)}`}}`
}

function timeText(at: number | null): string {
  const time = isoTimeOrNull(at)
  return time === null ? 'null' : `"${time}"`
}
