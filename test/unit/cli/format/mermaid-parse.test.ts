import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import vm from 'node:vm'
import { describe, expect, it } from 'vitest'
import { mermaidText } from '../../../../src/cli/format/mermaid.ts'
import { printable } from '../../../../src/cli/format/printable.ts'
import { noParts, untouchedItem } from '../../../../src/run/parts.ts'
import { pendingState } from '../../../../src/run/run.ts'
import type { NodeStatus, RunState } from '../../../../src/run/state.ts'
import type { WaitState } from '../../../../src/run/wait.ts'
import { parseWorkflow } from '../../../../src/workflow/parse.ts'

/** What of Mermaid is used: its parser, and what it made of a flowchart. */
interface Mermaid {
  parse(text: string): Promise<{ readonly diagramType: string }>
  readonly mermaidAPI: {
    getDiagramFromText(text: string): Promise<{
      readonly db: {
        getVertices(): ReadonlyMap<
          string,
          { readonly text: string; readonly type?: string; readonly classes: string[] }
        >
        getEdges(): readonly {
          readonly start: string
          readonly end: string
          readonly text: string
          readonly stroke: string
        }[]
        getSubGraphs(): readonly { readonly id: string; readonly title: string; readonly nodes: readonly string[] }[]
        getTooltip(id: string): string | undefined
      }
    }>
  }
}

/**
 * Mermaid itself, from its build for scripts. It is run in a world of its own with as much of a browser as its HTML sanitizer
 * looks for when it is loaded; that sanitizer then finds no browser, and leaves the labels the parser read as they are.
 */
const mermaid = ((): Mermaid => {
  const file = createRequire(import.meta.url).resolve('@mermaid-js/tiny')
  const window = { document: { nodeType: 9, createElement: () => ({}) }, Element: class {} }
  const world: { mermaid?: Mermaid } & Record<string, unknown> = { window, console, structuredClone, setTimeout }
  vm.runInNewContext(readFileSync(file, 'utf8'), world, { filename: file })
  return world.mermaid!
})()

/** A label as it is read: Mermaid keeps entities in signs of its own until it draws. */
function shown(text: string): string {
  return text.replaceAll(/ﬂ°(°?)([^¶]+)¶ß/g, (_, isNumber: string, name: string) =>
    isNumber === '' ? { quot: '"' }[name]! : String.fromCodePoint(Number(name)),
  )
}

/** What is to be seen of a text. */
function labelOf(text: string): string {
  const chars = [...printable(text)]
  const line = chars.length > 120 ? `${chars.slice(0, 119).join('')}…` : chars.join('')
  return text.trim() === text && text !== '' ? line : `"${line}"`
}

const statuses: readonly NodeStatus[] = [
  'pending',
  'running',
  'retrying',
  'waiting',
  'completed',
  'failed',
  'skipped',
  'canceled',
  'interrupted',
]

const hostile = [
  '',
  ' ',
  'end',
  'END',
  'graph',
  'subgraph',
  'flowchart TD',
  'default',
  'class',
  'click',
  'style',
  'o',
  'x',
  'a"b',
  "a'b",
  '[a]',
  '(a)',
  '{a}',
  '"]; n0 --> n1',
  '"] end subgraph x',
  'a --> b',
  'a ==>|x| b',
  'a@{ shape: circle }',
  'a:::failed',
  '#quot;',
  '#59;',
  '#',
  ';',
  '&amp;',
  '%%{init: {"theme": "dark"}}%%',
  '%% comment',
  '---\ntitle: x\n---',
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<br/>',
  '`markdown`',
  '$$x^2$$',
  'fa:fa-car',
  '1. list',
  '- list',
  '**bold** _it_',
  'a\nb\r\nc',
  'a\tb',
  'a\u2028b',
  '\u0000',
  '\u001b[31mred',
  '\u202egnirts',
  'ﬂ°°123¶ß',
  '\ud800',
  '|label|',
  '\\',
  '\\"',
  'javascript:alert(1)',
  '__proto__',
  'constructor',
  'toString',
  'x'.repeat(10_000),
  '"'.repeat(10_000),
  '日本語 ключ é',
  '😀👩‍👧',
  'مرحبا',
]

describe("mermaidText, read by Mermaid's own parser", () => {
  it('is refused when it is no chart, so that what is not refused says something', async () => {
    await expect(mermaid.parse('flowchart TD\n  n0["a"b"]\n')).rejects.toThrow()
    await expect(mermaid.parse('flowchart TD\n  n0["a"] --> \n')).rejects.toThrow()
  })

  it.each([
    ['a workflow', false],
    ['a run', true],
  ])(
    'is a chart of exactly the nodes and edges of %s, whatever their ids, types, handles and values',
    async (_, isRun) => {
      const { graph, definition } = parseWorkflow({
        id: hostile.join(''),
        nodes: [{ id: 'first', type: 'first' }, ...hostile.map((text) => ({ id: text, type: `${text}?` }))],
        edges: hostile.map((text) => ({
          source: 'first',
          target: text,
          sourceHandle: text,
          condition: { path: '', operator: 'eq', value: text },
        })),
      })
      const chart = mermaidText(
        graph,
        isRun ? pendingState({ runId: 'r', workflow: definition, fingerprint: 'f' }) : null,
      )
      expect(await mermaid.parse(chart)).toMatchObject({ diagramType: 'flowchart-v2' })
      const { db } = await mermaid.mermaidAPI.getDiagramFromText(chart)
      expect(db.getSubGraphs()).toHaveLength(0)

      const vertices = [...db.getVertices()]
      expect(vertices.map(([id, { type }]) => [id, type])).toEqual(graph.ids.map((_, index) => [`n${index}`, 'square']))
      const labels = vertices.map(([, { text }]) => text)
      expect(labels.slice(1).map((label) => shown(label.split('<br/>')[0]!))).toEqual(hostile.map(labelOf))

      const edges = db.getEdges()
      expect(edges.map(({ start, end, stroke }) => [start, end, stroke])).toEqual(
        hostile.map((_, index) => ['n0', `n${index + 1}`, 'normal']),
      )
      expect(edges.map(({ text }) => shown(text.split('<br/>')[0]!))).toEqual(hostile.map(labelOf))

      // Nothing but our own line breaks is left for a browser to read as markup.
      for (const text of [...labels, ...edges.map((edge) => edge.text)]) {
        expect(text.replaceAll('<br/>', '')).not.toMatch(/[<>"`&]/)
      }
      expect(vertices.filter(([id]) => db.getTooltip(id) !== undefined)).toEqual([])
    },
  )

  it('keeps every status, decision and fallback', async () => {
    const { graph, definition } = parseWorkflow({
      id: 'w',
      nodes: [...statuses.map((id) => ({ id, type: 't' })), { id: 'plan b', type: 'u' }].map((node, index) =>
        index === 0 ? { ...node, fallback: 'plan b' } : node,
      ),
      edges: [
        { source: 'completed', target: 'pending', sourceHandle: 'yes' },
        { source: 'completed', target: 'skipped', sourceHandle: 'no' },
        { source: 'running', target: 'waiting' },
      ],
    })
    const state = pendingState({ runId: 'r', workflow: definition, fingerprint: 'f' })
    statuses.forEach((status, index) => {
      state.nodes[index]!.status = status
    })
    state.decisions['completed->pending:yes'] = true
    state.decisions['completed->skipped:no'] = false
    const { db } = await mermaid.mermaidAPI.getDiagramFromText(mermaidText(graph, state))
    expect([...db.getVertices().values()].map(({ classes }) => [...classes])).toEqual(
      [...statuses, 'pending'].map((status) => [status]),
    )
    expect(db.getEdges().map(({ stroke, text }) => [stroke, text])).toEqual([
      ['thick', 'yes'],
      ['dotted', 'no'],
      ['normal', ''],
      ['dotted', 'fallback'],
    ])
  })

  it('is a subgraph for each node that is a run, with the nodes of that run, whatever their ids', async () => {
    const leaf = { id: 'leaf', version: '1.0.0', nodes: [{ id: 'end', type: 't' }], edges: [] }
    const nodes = hostile.map((text) => ({ id: text, type: `${text}?` }))
    const inner = {
      id: '"] end subgraph x',
      version: '2.0.0',
      nodes: [...nodes, { id: 'deeper', type: 'workflow', nested: { workflow: leaf } }],
      edges: hostile.map((text) => ({ source: text, target: 'deeper' })),
    }
    const { graph, definition } = parseWorkflow({
      id: 'w',
      nodes: [
        { id: 'before', type: 't' },
        { id: 'subgraph', type: 'workflow', nested: { workflow: inner } },
        { id: 'empty', type: 'workflow', nested: { workflow: { id: 'none', version: '1.0.0', nodes: [], edges: [] } } },
      ],
      edges: [
        { source: 'before', target: 'subgraph' },
        { source: 'subgraph', target: 'empty' },
      ],
    })
    const state = pendingState({ runId: 'r', workflow: definition, fingerprint: 'f' })
    for (const chart of [mermaidText(graph), mermaidText(graph, state)]) {
      expect(await mermaid.parse(chart)).toMatchObject({ diagramType: 'flowchart-v2' })
      const { db } = await mermaid.mermaidAPI.getDiagramFromText(chart)
      const subgraphs = new Map(db.getSubGraphs().map((subgraph) => [subgraph.id, subgraph]))
      const deeper = `n1_${hostile.length}`
      expect([...subgraphs.keys()].sort()).toEqual(['n1', deeper, 'n2'].sort())
      expect([...subgraphs.get('n1')!.nodes].sort()).toEqual([...hostile.map((_, at) => `n1_${at}`), deeper].sort())
      expect(subgraphs.get(deeper)!.nodes).toEqual([`${deeper}_0`])
      expect(shown(subgraphs.get('n1')!.title.split('<br/>')[1]!)).toBe('"] end subgraph x 2.0.0')
      const vertices = db.getVertices()
      hostile.forEach((text, at) => {
        expect(shown(vertices.get(`n1_${at}`)!.text.split('<br/>')[0]!)).toBe(labelOf(text))
      })
      const edges = db.getEdges().map(({ start, end }) => `${start}>${end}`)
      expect(edges.sort()).toEqual(['n0>n1', 'n1>n2', ...hostile.map((_, at) => `n1_${at}>${deeper}`)].sort())
    }
  })

  it('says what nodes wait for, and how much of their items is done', async () => {
    const { graph, definition } = parseWorkflow({
      id: 'w',
      nodes: [
        { id: 'asked', type: 'waitForSignal', data: { name: 'go' } },
        { id: 'mapped', type: 't', map: { items: '' } },
        { id: 'again', type: 't', repeat: { until: { operator: 'truthy' }, maximumVisits: 3 } },
      ],
    })
    const labels = async (state: RunState | null) => {
      const { db } = await mermaid.mermaidAPI.getDiagramFromText(mermaidText(graph, state))
      return [...db.getVertices().values()].map(({ text }) => shown(text))
    }
    expect(await labels(null)).toEqual([
      'asked<br/>waitForSignal',
      'mapped<br/>t<br/>for each item',
      'again<br/>t<br/>at most 3 visits',
    ])
    const state = pendingState({ runId: 'r', workflow: definition, fingerprint: 'f' })
    const wait: WaitState = {
      ...{ kind: 'signal', id: 'w2', name: '"go"', durationMs: null, onLoad: 'deadline', onTimeout: 'fail' },
      take: 'first',
    }
    Object.assign(state.nodes[0]!, { status: 'waiting', attempt: 1, wait })
    const list = [untouchedItem(), { ...untouchedItem(), status: 'completed' as const }]
    Object.assign(state.nodes[1]!, {
      status: 'waiting',
      attempt: 1,
      parts: { ...noParts(), items: { keys: null, list } },
    })
    Object.assign(state.nodes[2]!, { status: 'running', attempt: 2, parts: { ...noParts(), visits: 1 } })
    expect(await labels(state)).toEqual([
      'asked<br/>waitForSignal<br/>waiting<br/>signal "go" (wait w2)',
      'mapped<br/>t<br/>waiting<br/>1/2 items',
      'again<br/>t<br/>running<br/>visit 2 of at most 3, attempt 2',
    ])
  })

  it('reads as many nodes and edges as there are', async () => {
    const nodes = Array.from({ length: 300 }, (_, index) => ({ id: `node ${index}`, type: 't' }))
    const edges = nodes.slice(1).map(({ id }, index) => ({ source: nodes[index >> 1]!.id, target: id }))
    const { graph } = parseWorkflow({ id: 'w', nodes, edges })
    const { db } = await mermaid.mermaidAPI.getDiagramFromText(mermaidText(graph))
    expect(db.getVertices().size).toBe(300)
    expect(db.getEdges()).toHaveLength(299)
  })

  it('is a chart without nodes too', async () => {
    const { graph } = parseWorkflow({ id: 'w', nodes: [], edges: [] })
    expect(await mermaid.parse(mermaidText(graph))).toMatchObject({ diagramType: 'flowchart-v2' })
  })
})
