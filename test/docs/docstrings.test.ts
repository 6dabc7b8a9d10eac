import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync } from 'oxc-parser'
import { describe, expect, it } from 'vitest'
import { packageRoot } from '../helpers/source-module.ts'

const ENTRIES = ['src/index.ts', 'src/store/file/index.ts', 'src/store/memory/index.ts', 'src/testing/index.ts']

/** Exports without an example, each with the reason. */
const withoutExample: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      'DefinitionError',
      'LimitError',
      'NodeError',
      'RunError',
      'SnapshotDecodeError',
      'SnapshotError',
      'SnapshotIntegrityError',
      'SnapshotLimitError',
      'SnapshotSchemaError',
      'SnapshotSyntaxError',
      'SnapshotVersionError',
      'StoreError',
      'UnserializableValueError',
      'UsageError',
      'WaystoneError',
    ].map((name) => [name, 'made by Waystone; the example is at isWaystoneError']),
  ),
  errorCodes: 'a list; docs/errors.md says of each code what it is',
  DEFAULT_CONFIG: 'a list of defaults',
  fileDriver: 'the part of fileStore that createStore takes; the example is at createStore',
  memoryDriver: 'the part of memoryStore that createStore takes; the example is at createStore',
  nodeFileSystem: 'what fileStore uses when nothing else is given',
}

/** One name a published entry exports. */
interface Published {
  readonly name: string
  readonly isType: boolean
  /** What stands before it in the file that declares it; null for none. */
  readonly docstring: string | null
}

/** Everything an entry exports, with the docstring at its declaration; entries only pass names on. */
function publishedBy(entry: string): readonly Published[] {
  const { module } = parseSync(entry, readFileSync(join(packageRoot, entry), 'utf8'))
  return module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ exportName, moduleRequest, isType }) => {
      const { name } = exportName
      if (name === null || moduleRequest === null) return []
      return [{ name, isType, docstring: docstringOf(join(entry, '..', moduleRequest.value), name) }]
    }),
  )
}

function docstringOf(path: string, name: string): string | null {
  const text = readFileSync(join(packageRoot, path), 'utf8')
  const declaration = new RegExp(
    `(/\\*\\*(?:(?!\\*/)[^])*\\*/)\\s*export (?:abstract |async )?(?:const|class|function\\*?|interface|type) ${name}\\b`,
  )
  return declaration.exec(text)?.[1] ?? null
}

const published = ENTRIES.flatMap(publishedBy)

describe('what the published entries export', () => {
  it('has a docstring at its declaration', () => {
    expect(published.length).toBeGreaterThan(80)
    expect(published.filter(({ docstring }) => docstring === null).map(({ name }) => name)).toEqual([])
  })

  it('has an example, unless it is a type or there is a reason', () => {
    const bare = published.filter(({ isType, docstring }) => !isType && !/@example\b/.test(docstring ?? ''))
    expect([...new Set(bare.map(({ name }) => name))].sort()).toEqual(Object.keys(withoutExample).sort())
  })
})
