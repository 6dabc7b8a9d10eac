import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageRoot, readSourceModules } from '../helpers/source-module.ts'

const read = (path: string) => JSON.parse(readFileSync(join(packageRoot, path), 'utf8')) as Record<string, unknown>
const { exports, dependencies, devDependencies, bin } = read('package.json') as {
  exports: Record<string, string | { types: string; default: string }>
  dependencies: Record<string, string>
  devDependencies: Record<string, string>
  bin: Record<string, string>
}
const { compilerOptions } = read('tsconfig.test.json') as { compilerOptions: { paths: Record<string, string[]> } }

const subpaths = Object.entries(exports).flatMap(([subpath, target]) =>
  typeof target === 'string'
    ? []
    : [
        {
          name: `waystone${subpath.slice(1)}`,
          target,
          source: target.default.replace('./dist/', './src/').replace(/\.js$/, '.ts'),
        },
      ],
)

describe('the published subpaths', () => {
  it.each(subpaths)('$name has its source and its types side by side', ({ target, source }) => {
    expect(target.types).toBe(target.default.replace(/\.js$/, '.d.ts'))
    expect(existsSync(join(packageRoot, source))).toBe(true)
  })

  it('are what tests and pages are type-checked against', () => {
    expect(compilerOptions.paths).toEqual(Object.fromEntries(subpaths.map(({ name, source }) => [name, [source]])))
  })

  it('are exactly the index files of src', () => {
    const indexes = readSourceModules().map(({ path }) => `./${path}`)
    expect(subpaths.map(({ source }) => source).sort()).toEqual(indexes.filter((path) => path.endsWith('/index.ts')))
  })

  it('come with a command that has its source', () => {
    for (const path of Object.values(bin)) {
      expect(existsSync(join(packageRoot, path.replace('./dist/', './src/').replace(/\.js$/, '.ts')))).toBe(true)
    }
  })
})

describe('the packages', () => {
  it('are named by exact versions', () => {
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
    )
    expect(loose).toEqual([])
  })
})
