import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readPages } from '../helpers/markdown.ts'
import { packageRoot } from '../helpers/source-module.ts'

/** Spellings that would stand beside the word chosen in `docs/architecture.md`, each with that word. */
const otherSpellings: readonly (readonly [RegExp, string])[] = [
  [/\bcancell(ed|ing)\b/i, 'canceled'],
  [/\bcheck-point|\bsnap-shot|\bwork-flow/i, 'checkpoint, snapshot, workflow'],
]

it('every word is spelled in one way', () => {
  const sources = ['src', 'scripts', 'schemas', 'test'].flatMap((folder) =>
    readdirSync(join(packageRoot, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(ts|mjs|json)$/.test(entry.name) && entry.name !== 'words.test.ts')
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => ({ path: path.slice(packageRoot.length), text: readFileSync(path, 'utf8') })),
  )
  const found = [...sources, ...readPages()].flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((line, index) =>
        otherSpellings
          .filter(([spelling]) => spelling.test(line))
          .map(([spelling, word]) => `${path}:${index + 1}: ${spelling.exec(line)?.[0]}; write ${word}`),
      ),
  )
  expect(found).toEqual([])
})
