import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { format } from 'node:util'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { packageRoot } from '../helpers/source-module.ts'
import { readSnippets, snippetsOfModule, snippetsOfPage } from './snippet.ts'

const folder = join(packageRoot, 'test/docs/.generated')
const snippets = readSnippets().map((snippet) => ({
  ...snippet,
  file: `${snippet.place.replaceAll(/[^\w.]+/g, '-')}.ts`,
}))

rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
for (const { code, file } of snippets) writeFileSync(join(folder, file), `${code}\n\nexport {}\n`)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

// The first program loads the whole library, which takes its time on a busy machine.
describe('the programs in pages and docstrings', { timeout: 30_000 }, () => {
  const home = process.cwd()
  let away = ''
  beforeEach(() => {
    away = mkdtempSync(join(tmpdir(), 'waystone-docs-'))
    process.chdir(away)
  })
  afterEach(() => {
    process.chdir(home)
    rmSync(away, { recursive: true, force: true })
    vi.restoreAllMocks()
  })

  it.each(snippets)('runs $place, which prints what it says', async ({ file, prints }) => {
    const printed: string[] = []
    vi.spyOn(console, 'log').mockImplementation((...values) => void printed.push(format(...values)))
    await import(/* @vite-ignore */ join(folder, file))
    if (prints !== null) expect(printed.join('\n').trimEnd()).toBe(prints.trimEnd())
  })

  it('have no type error', { timeout: 120_000 }, () => {
    const config = {
      extends: '../../../tsconfig.test.json',
      compilerOptions: { rootDir: '../../..', noUnusedLocals: false, noUnusedParameters: false },
      include: ['*.ts'],
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const tsc = spawnSync(
      process.execPath,
      [join(packageRoot, 'node_modules/typescript/bin/tsc'), '-p', folder, '--pretty', 'false'],
      {
        cwd: folder,
        encoding: 'utf8',
      },
    )
    const own = snippets.flatMap(({ file, place }) =>
      tsc.stdout
        .split('\n')
        .filter((line) => line.startsWith(file))
        .map((line) => `${place}: ${line}`),
    )
    expect(own).toEqual([])
  })
})

describe('a page', () => {
  const page = (...lines: string[]) => snippetsOfPage('page.md', lines.join('\n'))

  it('gives its marked programs with what they print', () => {
    expect(page('<!-- run -->', '', '```ts', 'a()', '```', '', '<!-- prints -->', '```text', 'A', 'B', '```')).toEqual([
      { place: 'page.md:3', code: 'a()', prints: 'A\nB' },
    ])
  })

  it('keeps blocks that are only read apart', () => {
    expect(page('```ts', 'a()', '```', '<!-- run -->', 'prose', '```ts', 'b()', '```')).toEqual([])
  })

  it.each([
    [['<!-- run -->', '```sh', 'ls', '```']],
    [['<!-- prints -->', '```text', 'A', '```']],
    [['```ts', 'a()', '```', '<!-- prints -->', '```text', 'A', '```']],
  ])('with marks that fit nothing is refused: %j', (lines) => {
    expect(() => page(...lines)).toThrow('page.md:')
  })
})

describe('a docstring', () => {
  const own = new Map([
    ['double', { isType: false }],
    ['Pair', { isType: true }],
  ])
  const published = new Map([['workflow', { isType: false }]])
  const examples = (...lines: string[]) =>
    snippetsOfModule({ path: 'src/base/x.ts', docstrings: [{ text: lines.join('\n'), line: 1 }] }, own, published)
  const codeOf = (...lines: string[]) => examples(...lines).map(({ code }) => code.split('\n'))

  it('gives its example with what it needs, and expects the value of a comment', () => {
    expect(codeOf('', ' * One.', " * @example double(2, 'a // b') // 4", ' * @see nothing')).toEqual([
      [
        "import { expect } from 'vitest'",
        "import { double } from '../../../src/base/x.ts'",
        "expect(double(2, 'a // b')).toEqual(4)",
      ],
    ])
  })

  it('gives a block of lines, and imports no name the example declares', () => {
    expect(
      codeOf('', ' * @example', ' * ```ts', ' * const double: Pair = [1, 2]', ' * workflow(double)', ' * ```', ' '),
    ).toEqual([
      [
        "import type { Pair } from '../../../src/base/x.ts'",
        "import { workflow } from 'waystone'",
        'const double: Pair = [1, 2]',
        'workflow(double)',
      ],
    ])
  })

  it('may say that an example is only read', () => {
    expect(examples('', ' * @example', ' * ```ts no-run', ' * double(2)', ' * ```')).toEqual([])
  })
})
