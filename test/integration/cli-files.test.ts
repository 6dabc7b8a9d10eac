import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { commandLine, packageFile } from '../helpers/command-line.ts'
import { packageRoot } from '../helpers/source-module.ts'

const { path, write, read, waystone, shell, chain } = commandLine()

const payments = chain('payments', [
  { id: 'amount', type: 'constant' },
  { id: 'charge', type: 'charge-card' },
]).replace('"type":"constant"', '"type":"constant","data":{"value":7}')

const registry = (body: string) =>
  `import { createRegistry } from ${packageFile}
   ${body} createRegistry().register('charge-card', ({ amount }, ctx) => {
     ctx.log.info('charging')
     ctx.progress(0.5, 'half')
     return amount + 1
   })`

/** Whether Node takes TypeScript by itself. */
const { typescript: stripsTypes } = process.features as { readonly typescript?: unknown }

/** A folder beside the package's own modules, where tsx is found when Node strips no types itself. */
function withFolder(work: (folder: string) => void): void {
  const folder = mkdtempSync(join(packageRoot, 'dist', 'cli-test-'))
  try {
    work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

beforeAll(() => {
  write('payments.json', payments)
  write('registry.mjs', registry('export default'))
  expect(waystone('run', 'payments.json', '--registry', 'registry.mjs', '--run-id', 'p').code).toBe(0)
})

describe('a registry', () => {
  it('brings the code of a JSON workflow to run, resume, plan and validate', () => {
    const { code, out, err } = waystone('run', 'payments.json', '--registry', 'registry.mjs')
    expect(out).toContain('output: 8\n')
    expect(err).toContain('info charge: charging\n')
    expect(code).toBe(0)
    expect(waystone('validate', 'payments.json', '--registry', 'registry.mjs')).toEqual({
      code: 0,
      out: 'payments.json: workflow payments 1.0.0 is valid: 2 nodes, 1 edge\n',
      err: '',
    })
    expect(JSON.parse(waystone('plan', 'payments.json', '--json').out)).toMatchObject({ counts: { blocked: 1 } })
    expect(JSON.parse(waystone('plan', 'payments.json', '--registry', 'registry.mjs', '--json').out)).toMatchObject({
      counts: { run: 2, blocked: 0 },
    })
  })

  it('is found under its name too, and is named in the command that resumes', () => {
    write(
      'failing.mjs',
      `import { createRegistry } from ${packageFile}
       import { existsSync } from 'node:fs'
       export const registry = createRegistry().register('charge-card', () => {
         if (!existsSync('funds')) throw new Error('no funds')
         return 'charged'
       })`,
    )
    const failed = waystone('run', 'payments.json', '--registry', 'failing.mjs', '--run-id', 'f')
    expect(failed).toMatchObject({
      code: 3,
      out: expect.stringContaining('resume with: waystone resume --registry failing.mjs f\n'),
    })
    write('funds', '')
    expect(waystone('resume', '--registry', 'failing.mjs', 'f')).toMatchObject({
      code: 0,
      out: expect.stringContaining('output: "charged"\n'),
    })
  })

  it('that lacks types makes them a problem of validate', () => {
    write(
      'empty.mjs',
      `export { createRegistry as make } from ${packageFile}\nimport { createRegistry } from ${packageFile}\nexport default createRegistry()`,
    )
    const { code, out } = waystone('validate', 'payments.json', '--registry', 'empty.mjs', '--json')
    expect(code).toBe(8)
    expect(JSON.parse(out)).toMatchObject({
      isValid: false,
      problems: [{ code: 'NODE_TYPE_MISSING' }],
      typesWithoutHandler: ['charge-card'],
    })
  })

  it.each([
    ['other.mjs', 'export const other = 1', /exports no registry.*other/],
    ['payments.json', payments, /registry in code/],
  ])('is refused when the file is none: %s', (file, content, message) => {
    write(file, content)
    expect(waystone('run', 'payments.json', '--registry', file)).toMatchObject({
      code: 1,
      err: expect.stringMatching(message),
    })
  })
})

describe('--concurrency', () => {
  it('is the most nodes at once, for run and resume', () => {
    write(
      'wide.mjs',
      `import { createWorkflow } from ${packageFile}
       import { existsSync } from 'node:fs'
       const seen = { now: 0, most: 0 }
       const handlers = { work: async () => {
         seen.most = Math.max(seen.most, ++seen.now)
         await new Promise((resolve) => setTimeout(resolve, 5))
         seen.now--
         return seen.most
       }, last: (inputs) => { if (!existsSync('last')) throw new Error('not yet'); return inputs } }
       const ids = ['a', 'b', 'c', 'd']
       export default createWorkflow({
         id: 'wide', version: '1.0.0',
         nodes: [...ids.map((id) => ({ id, type: 'work' })), { id: 'last', type: 'last' }],
         edges: ids.map((source) => ({ source, target: 'last' })),
       }, { handlers })`,
    )
    expect(waystone('run', 'wide.mjs', '--run-id', 'wide', '--concurrency', '2').code).toBe(3)
    waystone('save', 'wide', '-o', 'wide.json')
    expect(JSON.parse(read('wide.json'))).toMatchObject({ config: { concurrency: 2 }, results: { d: 2 } })
    write('last', '')
    expect(waystone('resume', 'wide', '--workflow', 'wide.mjs', '--concurrency', '1').code).toBe(0)
    waystone('save', 'wide', '-o', 'wide.json')
    expect(JSON.parse(read('wide.json'))).toMatchObject({ config: { concurrency: 1 } })
  })
})

describe('a TypeScript workflow', () => {
  const typed = (imported: string) => `import { workflow } from '${imported}'
    const one: number = 1
    export default workflow('typed', '1.0.0').node('a', (): number => one + 1).build()`

  it.each(['typed.ts', 'typed.mts'])('is run: %s', (name) => {
    withFolder((folder) => {
      writeFileSync(join(folder, name), typed('../index.js'))
      expect(waystone('run', join(folder, name))).toMatchObject({
        code: 0,
        out: expect.stringContaining('output: 2\n'),
      })
    })
  })

  it('is run where Node takes a .ts file for CommonJS, with a registry in TypeScript beside it', () => {
    withFolder((folder) => {
      writeFileSync(join(folder, 'package.json'), '{ "name": "other" }')
      writeFileSync(join(folder, 'typed.ts'), typed('../index.js'))
      expect(waystone('run', join(folder, 'typed.ts'))).toMatchObject({
        code: 0,
        out: expect.stringContaining('output: 2\n'),
      })
      writeFileSync(
        join(folder, 'registry.ts'),
        `import { createRegistry } from '../index.js'
         const answer: number = 42
         export const registry = createRegistry().register('charge-card', (): number => answer)`,
      )
      expect(waystone('run', 'payments.json', '--registry', join(folder, 'registry.ts'))).toMatchObject({
        code: 0,
        out: expect.stringContaining('output: 42\n'),
      })
    })
  })

  it.skipIf(Boolean(stripsTypes))(
    'that nothing here can load is refused with what would help (needs a Node that reads no TypeScript itself)',
    () => {
      // The package where tsx is not: with its dependencies alone.
      const modules = join(packageRoot, 'node_modules')
      mkdirSync(path('alone/node_modules'), { recursive: true })
      cpSync(join(packageRoot, 'dist'), path('alone/dist'), { recursive: true })
      copyFileSync(join(packageRoot, 'package.json'), path('alone/package.json'))
      for (const name of readdirSync(modules).filter((entry) => entry !== 'tsx' && !entry.startsWith('.'))) {
        symlinkSync(join(modules, name), path(`alone/node_modules/${name}`))
      }
      // One that is further up must not be found either.
      mkdirSync(path('alone/node_modules/tsx'))
      write('alone/node_modules/tsx/package.json', '{}')
      write('alone/typed.ts', 'export default 1')
      const { code, err } = shell(`${process.execPath} alone/dist/cli/main.js run alone/typed.ts`)
      expect(code).toBe(1)
      expect(err).toMatch(/^error CLI_FILE: .*typed\.ts" is TypeScript.*install tsx.*Node 22\.18.*compile it first\n$/)
    },
  )

  it('that does not parse is told with the reason', () => {
    withFolder((folder) => {
      writeFileSync(join(folder, 'broken.ts'), 'const a: = 1')
      expect(waystone('run', join(folder, 'broken.ts'))).toMatchObject({
        code: 1,
        err: expect.stringMatching(/^error CLI_FILE: the file ".*broken\.ts" can not be imported: /),
      })
    })
  })
})

describe('a file of code', () => {
  it.each([
    ['throw new Error("no luck")', /no luck\n$/],
    ['throw undefined', /can not be imported: undefined\n$/],
    ['throw Object.create(null)', /can not be imported: something that can not be shown as text\n$/],
    ['export default {', /can not be imported: .*node --check throws\.mjs/],
    ['import "no-such-package"', /"?no-such-package.*run npm install no-such-package in /],
    ['export default 5', /exports no workflow.*default/],
    ['', /exports no workflow.*nothing/],
  ])('that says %j is refused with the reason', (content, message) => {
    write('throws.mjs', content)
    for (const command of ['run', 'validate']) {
      const { code, err } = waystone(command, 'throws.mjs')
      expect({ command, code, err }).toMatchObject({
        command,
        code: 1,
        err: expect.stringMatching(/^error CLI_FILE: /),
      })
      expect(err).toMatch(message)
      expect(err).not.toContain('    at ')
    }
  })

  it('comes with the stack when asked', () => {
    write('throws.mjs', 'throw new Error("no luck")')
    expect(waystone('run', 'throws.mjs', '--verbose').err).toContain('throws.mjs:1')
  })

  it('in CommonJS is taken', () => {
    write('old.cjs', `module.exports = import(${packageFile}); exports.none = 1`)
    expect(waystone('run', 'old.cjs')).toMatchObject({ code: 1, err: expect.stringContaining('exports no workflow') })
    write(
      'cjs.cjs',
      `const { workflow } = require(${packageFile}); exports.workflow = workflow('c', '1.0.0').node('a', () => 1).build()`,
    )
    expect(waystone('validate', 'cjs.cjs').code).toBe(0)
  })
})

describe('a file that is no text, no file, or not there', () => {
  it('is refused by every command that reads one', () => {
    mkdirSync(path('folder.json'))
    write('binary.json', new Uint8Array([0xff, 0xfe, 0, 1]))
    write('empty.json', '')
    for (const command of ['run', 'validate', 'show']) {
      expect(waystone(command, 'folder.json').err).toMatch(/^error CLI_FILE: .*it is a folder\n$/)
      expect(waystone(command, 'binary.json').err).toMatch(/^error CLI_FILE: .*UTF-8/)
      expect(waystone(command, 'empty.json').err).toMatch(/^error WORKFLOW_SYNTAX: /)
      expect(waystone(command, 'none.json')).toMatchObject({ code: 5, err: expect.stringContaining('there is none') })
    }
    expect(waystone('save', 'p', '-o', 'folder.json')).toMatchObject({
      code: 1,
      err: expect.stringContaining('a folder'),
    })
    expect(readdirSync(path('.')).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  it('is no reason to take a run of that name for it', () => {
    expect(waystone('run', 'payments.json', '--registry', 'registry.mjs', '--run-id', 'report.json').code).toBe(0)
    expect(waystone('show', 'report.json').out).toContain('run       report.json\n')
    write('report.json', payments)
    expect(waystone('show', 'report.json').out).toContain('workflow  payments 1.0.0\nnodes     2\n')
  })
})

describe('a snapshot', () => {
  it('is validated like a workflow', () => {
    waystone('save', 'p', '-o', 'p.json')
    expect(waystone('validate', 'p.json', '--registry', 'registry.mjs')).toEqual({
      code: 0,
      out: 'p.json: snapshot of run p (completed) of payments 1.0.0 is valid: 2 nodes, 1 edge\n',
      err: '',
    })
    const document = JSON.parse(read('p.json')) as Record<string, unknown>
    write('lacking.json', JSON.stringify({ ...document, completedNodes: 5, counters: 'none' }))
    const { code, out } = waystone('validate', 'lacking.json', '--json')
    expect(code).toBe(6)
    const { problems } = JSON.parse(out) as { problems: { path: string; code: string }[] }
    expect(problems.map(({ path: at }) => at)).toEqual(expect.arrayContaining(['/completedNodes', '/counters']))
    expect(new Set(problems.map((problem) => problem.code))).toEqual(new Set(['SNAPSHOT_SCHEMA']))
  })

  it('is no workflow to run, and no run to resume, and both say who takes it', () => {
    // Made by the test before.
    const { code, err } = waystone('run', 'p.json')
    expect(code).toBe(1)
    expect(err).toContain(
      'the file "p.json" is a snapshot, and a workflow is expected; show, inspect and plan look at it',
    )
    const resumed = waystone('resume', './p.json')
    expect(resumed.code).toBe(5)
    expect(resumed.err).toContain(
      'and this command takes no file (a snapshot is taken up in code, by executeFromSnapshot)',
    )
  })

  it('is known by its members in any order', () => {
    const { format, ...rest } = JSON.parse(read('p.json')) as Record<string, unknown>
    write('sorted.json', JSON.stringify({ ...rest, format }))
    expect(waystone('show', 'sorted.json').err).not.toContain('WORKFLOW_')
  })
})

describe('plan', () => {
  it('of a changed workflow lists the changes, and what accepting them would run', () => {
    const before = `import { workflow } from ${packageFile}
      export default workflow('grows', '1.0.0').node('a', () => 1).node('b', ['a'], () => { throw new Error('no') })`
    write('before.mjs', `${before}.build()`)
    write('after.mjs', `${before}.node('c', ['a'], () => 2).build()`)
    expect(waystone('run', 'before.mjs', '--run-id', 'grows').code).toBe(3)
    const refused = waystone('plan', 'grows', '--workflow', 'after.mjs')
    expect(refused).toMatchObject({ code: 0, err: expect.stringContaining('--accept-change') })
    expect(refused.out).toContain('1 to run, 1 to reuse, 0 to skip, 0 blocked\nchanged workflow: c added')
    const accepted = waystone('plan', 'grows', '--workflow', 'after.mjs', '--accept-change')
    expect(accepted).toMatchObject({ code: 0, err: '' })
    expect(accepted.out).toContain('2 to run, 1 to reuse, 0 to skip, 0 blocked\n')
  })
})

describe('a store', () => {
  it('that is not there is made by a run alone', () => {
    for (const command of ['show', 'resume']) expect(waystone(command, 'x', '--store', 'new').code).toBe(5)
    expect(waystone('save', 'x', '-o', 'x.json', '--store', 'new').code).toBe(5)
    const out = 'no runs: there is no store at new; the first run makes it, and --store names another\n'
    expect(waystone('ls', '--store', 'new')).toEqual({ code: 0, out, err: '' })
    expect(JSON.parse(waystone('ls', '--store', 'new', '--json').out)).toEqual({ store: 'new', runs: [] })
    expect(existsSync(path('new'))).toBe(false)
  })

  it('is not made of a folder of something else', () => {
    mkdirSync(path('pictures'))
    expect(waystone('ls', '--store', 'pictures').out).toContain('there is no store at pictures')
    for (const command of ['show', 'resume', 'inspect', 'watch']) {
      const { code, err } = waystone(command, 'x', '--store', 'pictures')
      expect(code).toBe(5)
      expect(err).toContain('there is no run "x", since there is no store at "pictures"')
    }
    expect(readdirSync(path('pictures'))).toEqual([])
    mkdirSync(path('empty/runs'), { recursive: true })
    expect(waystone('ls', '--store', 'empty').out).toBe('no runs in empty\n')
  })

  it('that is a file is refused', () => {
    write('file', '')
    for (const argv of [['ls'], ['show', 'x'], ['run', 'payments.json', '--registry', 'registry.mjs']]) {
      expect(waystone(...argv, '--store', 'file')).toMatchObject({
        code: 1,
        err: expect.stringMatching(/^error STORE_IO: /),
      })
    }
  })
})

describe('a reader that leaves', () => {
  it.each(['ls', 'show p', 'graph p', 'save p -o -', 'show p --json', '--help'])('is no failure of %s', (command) => {
    const { out, err } = shell(`{ $W ${command}; echo "code $?" >&2; } | head -c 1`)
    expect(out).toHaveLength(1)
    expect(err).toBe('code 0\n')
  })

  it('does not stop a run', () => {
    const { err } = shell(
      '{ $W run payments.json --registry registry.mjs --run-id left --json; echo "code $?" >&2; } | head -n 1',
    )
    expect(err).toContain('code 0\n')
    expect(waystone('show', 'left', '--json').out).toContain('"status":"completed"')
  })
})
