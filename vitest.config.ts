import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

/** Every published subpath as its source: `waystone/store/file` is `src/store/file/index.ts`, as `exports` says of `dist`. */
const { exports } = JSON.parse(readFileSync(path('./package.json'), 'utf8')) as {
  exports: Record<string, string | { types: string }>
}
const alias = Object.entries(exports).flatMap(([subpath, target]) =>
  typeof target === 'string'
    ? []
    : [
        {
          find: new RegExp(`^waystone${subpath.slice(1)}$`),
          replacement: path(target.types.replace('./dist/', './src/').replace('.d.ts', '.ts')),
        },
      ],
)

/** Quick tests run first and alone in `npm run test:quick`; slow ones start processes or run tens of thousands of cases. */
export default defineConfig({
  resolve: { alias },
  test: {
    // Both cores of a small machine: left to itself it keeps one free.
    maxWorkers: 2,
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'quick',
          include: ['test/{unit,architecture,docs,golden,conformance}/**/*.test.ts'],
          // No test is timed; a busy machine takes ten times as long.
          testTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'slow',
          include: ['test/{property,crash,integration,package}/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
