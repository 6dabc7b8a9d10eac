import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageRoot, parseSourceModule, readSourceModules, type SourceModule } from '../helpers/source-module.ts'
import { breaches, type Exception, MAXIMUM_LINES, ROOMS, type RuleName } from './rules.ts'

/** Every place where a rule is let go, with the reason; an entry that covers nothing fails. */
const exceptions: readonly Exception[] = [
  {
    rule: 'rooms',
    path: 'src/nodes/transaction.ts',
    reason: 'an attempt reads its own writes by the arithmetic the reducer applies; a second copy of it could differ',
  },
  {
    rule: 'evaluation',
    path: 'src/cli/load-module.ts',
    reason: 'the command line imports the workflow file its user names; no document names one',
  },
]

const modules = readSourceModules()
const { dependencies } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>
}
const check = (rule: RuleName, over: readonly SourceModule[] = modules) =>
  breaches(rule, over, { exceptions: over === modules ? exceptions : [], dependencies: Object.keys(dependencies) })

/** What a rule says of one text placed at a path. */
const checkText = (rule: RuleName, path: string, text: string) => check(rule, [parseSourceModule(path, text)])

describe('the rooms of src', () => {
  it('are all in the table', () => {
    expect(modules.length).toBeGreaterThan(10)
  })

  it('import only the rooms listed for them', () => {
    expect(check('rooms')).toEqual([])
  })

  it('import the file that owns a name, never an index', () => {
    expect(check('concreteFiles')).toEqual([])
  })

  it('form no cycle of imports', () => {
    expect(check('cycles')).toEqual([])
  })

  it('are pure where they must be', () => {
    expect(check('purity')).toEqual([])
  })

  it('run in a browser where they must', () => {
    expect(check('platform')).toEqual([])
  })

  it('run no text as code', () => {
    expect(check('evaluation')).toEqual([])
  })

  it('import packages that are dependencies, each in its room', () => {
    expect(check('packages')).toEqual([])
  })

  it(`hold files of at most ${MAXIMUM_LINES} lines`, () => {
    expect(check('size')).toEqual([])
  })
})

describe('the rule on rooms', () => {
  it.each([
    ['src/base/x.ts', "import { a } from '../workflow/a.ts'"],
    ['src/workflow/x.ts', "import type { A } from '../run/a.ts'"],
    ['src/run/x.ts', "import { a } from '../store/driver.ts'"],
    ['src/nodes/x.ts', "import { a } from '../run/a.ts'"],
    ['src/history/x.ts', "export * from '../snapshot/a.ts'"],
    ['src/snapshot/x.ts', "export { a } from '../store/driver.ts'"],
    ['src/store/x.ts', "import { a } from './memory/memory-store.ts'"],
    ['src/store/x.ts', "import type { A } from '../workflow/a.ts'"],
    ['src/store/file/x.ts', "import { a } from '../memory/memory-store.ts'"],
    ['src/engine/x.ts', "import { a } from '../store/file/file-store.ts'"],
    ['src/engine/x.ts', "const a = await import('../cli/main.ts')"],
    ['src/engine/x.ts', "export const a = (b: import('../testing/a.ts').A) => b"],
    ['src/worker/x.ts', "import { a } from '../snapshot/a.ts'"],
    ['src/viewer/app/x.ts', "import { a } from '../../store/driver.ts'"],
    ['src/cli/x.ts', "import { a } from '../testing/a.ts'"],
    ['src/testing/x.ts', "import { a } from '../store/file/file-store.ts'"],
    ['src/testing/x.ts', "import { a } from '../cli/main.ts'"],
    ['src/utils/x.ts', ''],
    ['src/x.ts', ''],
  ])('finds the breach in %s: %s', (path, text) => {
    expect(checkText('rooms', path, text)).toHaveLength(1)
  })

  it.each([
    ['src/nodes/x.ts', "import type { A } from '../run/a.ts'"],
    ['src/store/file/x.ts', "import { a } from '../driver.ts'"],
    ['src/store/file/x.ts', "import { a } from './segment.ts'"],
    ['src/engine/x.ts', "import { a } from '../store/memory/memory-store.ts'"],
    ['src/cli/commands/x.ts', "import { a } from '../../store/file/file-store.ts'"],
    ['src/index.ts', "export { a } from './engine/a.ts'"],
    ['src/base/x.ts', "// import { a } from '../workflow/a.ts'\nexport const text = \"import '../run/a.ts'\""],
  ])('passes %s: %s', (path, text) => {
    expect(checkText('rooms', path, text)).toEqual([])
  })

  it('knows every room of the design', () => {
    const named = ['base', 'workflow', 'run', 'nodes', 'history', 'snapshot', 'store', 'store/*', 'engine', 'worker']
    expect(Object.keys(ROOMS)).toEqual([...named, 'viewer/app', 'viewer/server', 'cli', 'testing', 'package'])
  })
})

describe('the rule on index files', () => {
  it.each([
    "import { a } from '../index.ts'",
    "import type { A } from './memory/index.ts'",
    "import { a } from './a'",
    "import { a } from './memory'",
  ])('finds the breach in %s', (text) => {
    expect(checkText('concreteFiles', 'src/store/x.ts', text)).toHaveLength(1)
  })
})

describe('the rule on cycles', () => {
  const modulesOf = (texts: Record<string, string>) =>
    Object.entries(texts).map(([path, text]) => parseSourceModule(path, text))

  it('names the files of a cycle', () => {
    const cycle = modulesOf({
      'src/run/a.ts': "import { b } from './b.ts'",
      'src/run/b.ts': "import '../base/x.ts'\nexport { c } from './c.ts'",
      'src/run/c.ts': "import { type B } from './b.ts'",
      'src/base/x.ts': '',
    })
    expect(check('cycles', cycle)).toEqual([
      expect.stringMatching(/^src\/run\/b\.ts -> src\/run\/c\.ts -> src\/run\/b\.ts;/),
    ])
  })

  it('passes types that name each other', () => {
    const types = modulesOf({
      'src/run/a.ts': "import { b } from './b.ts'",
      'src/run/b.ts': "import type { A } from './a.ts'",
    })
    expect(check('cycles', types)).toEqual([])
  })
})

describe('the rule on purity', () => {
  it.each([
    'const at = Date.now()',
    'const at = Date["now"]()',
    'const at = new Date()',
    'const at = Date()',
    'const chance = Math.random()',
    'setTimeout(() => {}, 1)',
    'const later = globalThis.setTimeout',
    'const later = setInterval',
    'queueMicrotask(() => {})',
    'await fetch("x")',
    'const { env } = process',
    'const text = `$' + '{process.pid}`',
    'const at = performance.now()',
    'const id = crypto.randomUUID()',
    'console.log(1)',
    'const bag = { fetch }',
  ])('finds the breach in %s', (text) => {
    expect(checkText('purity', 'src/run/x.ts', text)).toHaveLength(1)
  })

  it.each([
    'const at = new Date(5)',
    '// Date.now() is never read here',
    'const text = "Math.random()"',
    'const text = `process`',
    'interface Ports { readonly fetch: () => void; setTimeout(): void }',
    'const a = { process: 1, fetch() {} }',
    'const b = ports.fetch(queue.process)',
    'const month = Math.max(1, 2)',
    'const pattern = /Date.now()/',
  ])('passes %s', (text) => {
    expect(checkText('purity', 'src/run/x.ts', text)).toEqual([])
  })

  it('leaves the shell its clock', () => {
    expect(checkText('purity', 'src/engine/system.ts', 'export const now = () => Date.now()')).toEqual([])
  })
})

describe('the rule on the platform', () => {
  it.each(['src/base/x.ts', 'src/nodes/builtin/x.ts', 'src/snapshot/x.ts', 'src/engine/x.ts', 'src/store/memory/x.ts'])(
    'finds modules of Node in %s',
    (path) => {
      expect(checkText('platform', path, "import { readFileSync } from 'node:fs'")).toHaveLength(1)
      expect(checkText('platform', path, "const fs = await import('fs/promises')")).toHaveLength(1)
    },
  )

  it('leaves the file store its files', () => {
    expect(checkText('platform', 'src/store/file/x.ts', "import { open } from 'node:fs/promises'")).toEqual([])
  })
})

describe('the rule on evaluation', () => {
  it.each([
    'eval("1")',
    'const run = globalThis.eval',
    'new Function("return 1")',
    'Function("return 1")()',
    'const make = Function',
    'await import(name)',
    'await import(`./$' + '{name}.ts`)',
  ])('finds the breach in %s', (text) => {
    expect(checkText('evaluation', 'src/snapshot/x.ts', text)).toHaveLength(1)
  })

  it.each([
    "await import('./lazy.ts')",
    'Function.prototype.toString.call(f)',
    'type Callback = Function',
    "const kind = typeof x === 'function'",
  ])('passes %s', (text) => {
    expect(checkText('evaluation', 'src/snapshot/x.ts', text)).toEqual([])
  })
})

describe('the rule on packages', () => {
  it.each([
    ['src/engine/x.ts', "import left from 'left-pad'"],
    ['src/engine/x.ts', "import { Command } from 'commander'"],
    ['src/run/x.ts', "import semver from 'semver'"],
    ['src/store/file/x.ts', "import { open } from 'fs/promises'"],
  ])('finds the breach in %s: %s', (path, text) => {
    expect(checkText('packages', path, text)).toHaveLength(1)
  })

  it('passes a dependency in its room', () => {
    expect(checkText('packages', 'src/base/x.ts', "import { sha256 } from '@noble/hashes/sha2.js'")).toEqual([])
  })
})

describe('the rule on size', () => {
  it('finds a file that is too long, and no generated one', () => {
    const text = '\n'.repeat(MAXIMUM_LINES + 1)
    expect(checkText('size', 'src/run/x.ts', text)).toHaveLength(1)
    expect(checkText('size', 'src/run/x.generated.js', text)).toEqual([])
  })
})

describe('an exception', () => {
  const bad = [parseSourceModule('src/run/x.ts', 'const at = Date.now()')]

  it('covers its file and rule alone', () => {
    const reason = 'a reason a reader can judge, in a sentence'
    expect(breaches('purity', bad, { exceptions: [{ rule: 'purity', path: 'src/run/x.ts', reason }] })).toEqual([])
    expect(breaches('purity', bad, { exceptions: [{ rule: 'size', path: 'src/run/x.ts', reason }] })).toHaveLength(1)
  })

  it('fails when it covers nothing or says nothing', () => {
    expect(
      breaches('purity', [], {
        exceptions: [{ rule: 'purity', path: 'src/run/x.ts', reason: 'it was needed once, and is no more' }],
      }),
    ).toHaveLength(1)
    expect(
      breaches('purity', bad, { exceptions: [{ rule: 'purity', path: 'src/run/x.ts', reason: 'because' }] }),
    ).toHaveLength(1)
  })
})
