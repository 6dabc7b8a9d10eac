import { defineConfig } from 'vitest/config'

const alias = {
  'waystone/store/memory': new URL('./src/store/memory/index.ts', import.meta.url).pathname,
  'waystone/store/file': new URL('./src/store/file/index.ts', import.meta.url).pathname,
  'waystone/testing': new URL('./src/testing/index.ts', import.meta.url).pathname,
  waystone: new URL('./src/index.ts', import.meta.url).pathname,
}

/** Quick projects run first and alone in `npm run test:quick`; slow ones start processes or run tens of thousands of cases. */
export default defineConfig({
  resolve: { alias },
  test: {
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'quick',
          include: ['test/{unit,architecture,docs,golden,conformance}/**/*.test.ts'],
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
