import { describe, expect, it } from 'vitest'
import { tableText } from '../../../../src/cli/format/table.ts'

describe('tableText', () => {
  it('aligns columns under a head, and ends no line in blanks', () => {
    expect(
      tableText(
        ['node', 'status'],
        [
          ['a', 'completed'],
          ['longer', ''],
        ],
      ),
    ).toBe('node    status\na       completed\nlonger\n')
  })

  it('counts columns, not characters', () => {
    const green = '\u001b[32mok\u001b[39m'
    expect(
      tableText(
        ['node', 'status', 'x'],
        [
          ['日本語', green, '1'],
          ['a', 'failed', '2'],
        ],
      ),
    ).toBe(`node    status  x\n日本語  ${green}      1\na       failed  2\n`)
  })

  it('is the head alone without rows', () => {
    expect(tableText(['node', 'status'], [])).toBe('node  status\n')
  })

  it('aligns thousands of rows as one table', () => {
    const rows = Array.from({ length: 3_000 }, (_, index) => [
      `node ${index}`,
      index === 2_950 ? 'wide'.repeat(5) : 'b',
      'c',
    ])
    const lines = tableText(['a', 'b', 'c'], rows).trimEnd().split('\n')
    expect(lines).toHaveLength(3_001)
    expect(new Set(lines.map((line) => line.length))).toEqual(new Set([9 + 2 + 20 + 2 + 1]))
    expect(new Set(lines.slice(1).map((line) => line.indexOf('c')))).toEqual(new Set([33]))
    expect(lines.filter((line) => line.startsWith('a '))).toHaveLength(1)
  })
})
