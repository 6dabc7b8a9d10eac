import { describe, expect, it } from 'vitest'
import { mermaidLabel, mermaidText } from '../../../../src/cli/format/mermaid.ts'
import { pendingState } from '../../../../src/run/run.ts'
import type { NodeStatus, RunState } from '../../../../src/run/state.ts'
import { parseWorkflow } from '../../../../src/workflow/parse.ts'

/**
 * The lines a chart may have, stricter than Mermaid's own grammar: every line is one of these, and labels hold nothing but
 * letters, digits, a few marks and entities. Mermaid itself is not run here.
 */
const ENTITY = '#(?:quot|\\d+);'
const LABEL = `"(?:[\\p{L}\\p{N} ,/()._-]|${ENTITY}|<br/>)+"`
const LINES = [
  /^flowchart TD$/,
  new RegExp(`^ {2}n\\d+\\[${LABEL}\\]$`, 'u'),
  new RegExp(`^ {2}n\\d+ (?:-->|==>|-\\.->)(?:\\|${LABEL}\\|)? n\\d+$`, 'u'),
  /^ {2}classDef [a-z]+ fill:#[0-9a-f]{6},stroke:#[0-9a-f]{6},color:#[0-9a-f]{6}$/,
  /^ {2}class n\d+(?:,n\d+)* [a-z]+$/,
]

function expectChart(text: string): void {
  const lines = text.split('\n')
  expect(lines.pop()).toBe('')
  expect(lines[0]).toBe('flowchart TD')
  for (const line of lines)
    expect(LINES.some((pattern) => pattern.test(line)) ? 'a line of a chart' : line).toBe('a line of a chart')
}

const hostile = [
  'end',
  '',
  ' ',
  'a"b',
  '"]; n0 --> n1',
  '#quot;',
  '#59;',
  '%%{init: {"theme": "dark"}}%%',
  '%% comment',
  '<script>alert(1)</script>',
  '<br/>',
  '`markdown`',
  '1. list',
  '- list',
  '**bold** __proto__',
  'a\nb\r\nc',
  'a\u2028b',
  '\u001b[31mred',
  '\u202egnirts',
  'style x:#a;',
  'click n0 href "javascript:alert(1)"',
  '\ufb02\u00b0\u00b0123\u00b6\u00df',
  '\ud800',
  '|label|',
  'x'.repeat(5_000),
  '日本語 ключ é',
  '😀',
  '__proto__',
  'toString',
]

describe('mermaidText', () => {
  it('draws nodes by names of its own and edges between them', () => {
    const { graph } = parseWorkflow({
      id: 'w',
      nodes: [
        { id: 'orders', type: 'orders' },
        { id: 'total', type: 'sum' },
      ],
      edges: [{ source: 'orders', target: 'total' }],
    })
    expect(mermaidText(graph)).toBe('flowchart TD\n  n0["orders"]\n  n1["total<br/>sum"]\n  n0 --> n1\n')
  })

  it.each(hostile)('stays a chart of two nodes and one edge with the id, type, handle and value %j', (text) => {
    const { graph } = parseWorkflow({
      id: 'w',
      nodes: [
        { id: text, type: `${text}!` },
        { id: 'other', type: text },
      ],
      edges: [
        { source: text, target: 'other', sourceHandle: text, condition: { path: '', operator: 'eq', value: text } },
      ],
    })
    const chart = mermaidText(graph)
    expectChart(chart)
    expect(chart.split('\n')).toHaveLength(5)
  })

  it('marks statuses, taken edges and edges not taken', () => {
    const { graph, definition } = parseWorkflow({
      id: 'w',
      nodes: ['a', 'b', 'c', 'd'].map((id) => ({ id, type: id })),
      edges: [
        { source: 'a', target: 'b', sourceHandle: 'yes' },
        { source: 'a', target: 'c', sourceHandle: 'no' },
        { source: 'b', target: 'd' },
        { source: 'c', target: 'd' },
      ],
    })
    const state = pendingState({ runId: 'r', workflow: definition, fingerprint: 'f' })
    withStatuses(state, ['completed', 'running', 'skipped', 'pending'])
    state.decisions['a->b:yes'] = true
    state.decisions['a->c:no'] = false
    const chart = mermaidText(graph, state)
    expectChart(chart)
    expect(chart).toContain('  n0["a<br/>completed"]\n')
    expect(chart).toContain('  n0 ==>|"yes"| n1\n')
    expect(chart).toContain('  n0 -.->|"no"| n2\n')
    expect(chart).toContain('  n1 --> n3\n')
    expect(chart).toContain('  n2 -.-> n3\n')
    expect(chart).toContain('  class n0 completed\n')
    expect(chart).toContain('  class n2 skipped\n')
  })

  it('has a style for every status', () => {
    const statuses: NodeStatus[] = [
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
    const { graph, definition } = parseWorkflow({ id: 'w', nodes: statuses.map((id) => ({ id, type: 't' })) })
    const state = pendingState({ runId: 'r', workflow: definition, fingerprint: 'f' })
    withStatuses(state, statuses)
    expectChart(mermaidText(graph, state))
  })

  it('shows conditions and fallbacks', () => {
    const { graph } = parseWorkflow({
      id: 'w',
      nodes: [
        { id: 'a', type: 'a', fallback: 'f' },
        { id: 'b', type: 'b' },
        { id: 'f', type: 'f' },
      ],
      edges: [{ source: 'a', target: 'b', condition: { path: '/total', operator: 'gt', value: 100 } }],
    })
    const chart = mermaidText(graph)
    expectChart(chart)
    expect(chart).toContain('  n0 -->|"/total gt 100"| n1\n')
    expect(chart).toContain('  n0 -.->|"fallback"| n2\n')
  })
})

describe('mermaidLabel', () => {
  it('escapes what would end the label, start an entity or be markup', () => {
    expect(mermaidLabel('a"b#c<d>&`')).toBe('a#quot;b#35;c#60;d#62;#38;#96;')
  })

  it('keeps marks inside words and escapes them elsewhere', () => {
    expect(mermaidLabel('node-1.2_b')).toBe('node-1.2_b')
    expect(mermaidLabel('1. x')).toBe('1#46; x')
    expect(mermaidLabel('__proto__')).toBe('#95;#95;proto#95;#95;')
  })

  it('is never empty', () => {
    expect(mermaidLabel('')).toBe('#quot;#quot;')
  })

  it('cuts what is long', () => {
    expect(mermaidLabel('x'.repeat(5_000)).length).toBeLessThan(200)
  })
})

function withStatuses(state: RunState, statuses: readonly NodeStatus[]): void {
  statuses.forEach((status, index) => {
    state.nodes[index]!.status = status
  })
}
