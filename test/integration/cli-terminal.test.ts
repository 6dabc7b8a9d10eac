import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { commandLine, packageFile } from '../helpers/command-line.ts'

const { write, waystone, shell, chain } = commandLine()

/** Whether there is the tool that gives a command a pseudo terminal, in the form of util-linux. */
const hasScript = spawnSync('script', ['-qec', 'true', '/dev/null'], { stdio: 'ignore' }).status === 0

/** What a line of the shell writes on a pseudo terminal, and the exit code. */
function onTerminal(line: string, env: Readonly<Record<string, string>> = {}, size = 'cols 80') {
  const quoted = `stty ${size}; ${line}`.replaceAll("'", "'\\''")
  const { code, out } = shell(`script -qec '${quoted}' /dev/null`, { env: { TERM: 'xterm', NO_COLOR: '', ...env } })
  return { code, text: out.replaceAll('\r\n', '\n') }
}

/** Text as a terminal would act on it: anything that moves, colours or names, beside our own colours and erasing. */
const ACTS =
  /(?!\n|\u001b\[(?:1;)?\d{2}m|\u001b\[(?:22;)?39m|\r\u001b\[2K|\u001b\[\d+A\r\u001b\[0J|\r\u001b\[0J)[\p{Cc}\u202a-\u202e\u2066-\u2069]/u

const hostileId = 'a\u001b]0;title\u0007\u001b[2J\u009b2J\u202e\r\n'
const hostile = JSON.stringify({
  id: `w${hostileId}`,
  version: '1.0.0',
  nodes: [
    { id: hostileId, type: 'constant', data: { value: '\u001b[2J\u0007' } },
    { id: 'skipped', type: 'constant', data: { value: 1 } },
    { id: '', type: 'constant', data: 'no value' },
  ],
  edges: [
    { source: hostileId, target: 'skipped', sourceHandle: `no${hostileId}` },
    { source: hostileId, target: '', condition: { operator: 'ne', value: hostileId } },
  ],
})

/** A run in a run, whose node waits for a signal; a node that failed, and goes on. */
const hostileNested = `import { waitForSignal, workflow } from ${packageFile}
const id = ${JSON.stringify(hostileId)}
const inner = workflow(id, '1.0.0').node(id, waitForSignal({ name: 's' + id, schema: { type: 'number', description: id } })).build()
export default workflow('w' + id, '1.0.0')
  .node('list', () => [id])
  .node(id, () => { throw new Error(id, { cause: new Error(id) }) }, { onError: 'continue' })
  .map('each' + id, ['list'], { onItemError: 'skip', key: (item) => item }, () => { throw new Error(id) })
  .workflow('nested' + id, ['list'], inner)
  .build()
`

describe.skipIf(!hasScript)('on a terminal (needs the tool "script" of util-linux)', () => {
  it('a run shows one line that is written over, and takes it away', () => {
    write(
      'slow.mjs',
      `import { workflow } from ${packageFile}
       export default workflow('slow', '1.0.0')
         .node('first', () => 1)
         .node('second', ['first'], async (_, ctx) => {
           ctx.progress(0.5, 'half')
           await new Promise((resolve) => setTimeout(resolve, 300))
           ctx.log.warn('late')
         })
         .build()`,
    )
    const { code, text } = onTerminal('$W run slow.mjs --run-id slow')
    expect(code).toBe(0)
    const [head, ...rest] = text.split('\r\u001b[2K')
    expect(head).toBe('run slow of slow 1.0.0: 2 nodes\n')
    expect(rest[0]).toBe('slow 1/2, running: second (50 % half)')
    expect(rest).toContain('warning second: late\nslow 1/2, running: second (50 % half)')
    expect(rest.at(-1)).toBe(
      'run slow of slow 1.0.0 \u001b[32mcompleted\u001b[39m: 2 completed\noutput: {"#type":"undefined"}\n',
    )
  })

  it('words have colours, unless NO_COLOR says not', () => {
    expect(onTerminal('$W show slow').text).toContain('\u001b[32mcompleted\u001b[39m')
    expect(onTerminal('$W show nobody').text).toMatch(/^\u001b\[1;31merror\u001b\[22;39m STORE_NOT_FOUND: /)
    for (const command of ['show slow', 'ls', 'show nobody', 'run slow.mjs --json']) {
      expect(onTerminal(`$W ${command}`, { NO_COLOR: '1' }).text).not.toContain('\u001b[3')
    }
    expect(onTerminal('$W show slow', { TERM: 'dumb' }).text).not.toContain('\u001b')
    expect(onTerminal('$W run slow.mjs', { TERM: 'dumb' }).text).not.toContain('\u001b')
  })

  it('the first Ctrl-C pauses and the second stops at once', () => {
    write(
      'stuck.mjs',
      `import { workflow } from ${packageFile}
       export default workflow('stuck', '1.0.0').node('a', () => new Promise(() => undefined)).build()`,
    )
    const both = 'sleep 0.2; kill -INT $P; sleep 0.2; kill -INT $P; wait $P'
    const { code, text } = onTerminal(
      `$W run stuck.mjs --run-id stuck & P=$!; while ! $W show stuck; do :; done; ${both}`,
    )
    expect(code).toBe(4)
    expect(text).toMatch(/\r\u001b\[2Kpausing: .*\n/)
    expect(text).toContain('stopped; resume with: waystone resume --workflow stuck.mjs stuck\n')
  })
})

describe.skipIf(!hasScript)('watch on a terminal (needs the tool "script" of util-linux)', () => {
  it.each([
    ['cols 80 rows 20', 80],
    ['cols 40 rows 12', 40],
  ])('follows a run of another process in one picture, at %s', (size, columns) => {
    write(
      'steps.mjs',
      `import { workflow } from ${packageFile}
       const nap = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
       const inner = workflow('inner', '1.0.0').node('inside', () => nap(900)).build()
       export default workflow('steps', '1.0.0')
         .node('list', () => [1, 2, 3, 4, 5, 6, 7, 8])
         .map('each', ['list'], { concurrency: 1 }, () => nap(250))
         .workflow('nested', ['each'], inner)
         .build()`,
    )
    const line = `$W run steps.mjs --run-id watched-${columns} >/dev/null 2>&1 & while ! $W show watched-${columns} >/dev/null 2>&1; do :; done; $W watch watched-${columns}`
    const { code, text } = onTerminal(line, { NO_COLOR: '1' }, size)
    expect(code).toBe(0)
    const frames = text.split(/\u001b\[\d+A\r\u001b\[0J/).map((frame) => frame.trimEnd().split('\n'))
    const lines = frames.flat()
    expect(lines.some((shown) => /[1-7]\/8 items, 1 running/.test(shown))).toBe(true)
    expect(lines.some((shown) => /^ {2}inside +running/.test(shown))).toBe(true)
    expect(
      frames
        .at(-1)!
        .slice(-3)
        .map((shown) => shown.replace(/ +/g, ' ')),
    ).toEqual([
      expect.stringMatching(/^list completed/),
      expect.stringMatching(/^each completed/),
      expect.stringMatching(/^nested completed/),
    ])
    for (const shown of lines) expect(shown.length).toBeLessThan(columns)
  })
})

describe('data from outside', () => {
  it('can not act on a terminal, from a workflow, a run, a snapshot or an error', () => {
    write('hostile.json', hostile)
    write('hostile-type.json', chain('t', [{ id: 'a', type: hostileId }]))
    write(
      'hostile-broken.json',
      chain('t', [
        { id: hostileId, type: 'a' },
        { id: hostileId, type: 'b' },
      ]),
    )
    const runId = 'r\u001b[31m\u202e'
    expect(waystone('run', 'hostile.json', '--run-id', runId).code).toBe(3)
    expect(waystone('save', runId, '-o', 's.json').code).toBe(0)
    write('hostile-nested.mjs', hostileNested)
    expect(waystone('run', 'hostile-nested.mjs', '--run-id', 'waits').code).toBe(4)
    const h = `"$(printf 'a\\033[2J\\342\\200\\256')"`
    const id = `"$(printf 'r\\033[31m\\342\\200\\256')"`
    const commands = [
      'run hostile.json',
      'run hostile-type.json',
      `resume ${id}`,
      `show ${id}`,
      `graph ${id}`,
      `plan ${id}`,
      'ls',
      'show s.json',
      'plan s.json',
      'graph s.json',
      'validate s.json',
      'show hostile.json',
      'validate hostile.json',
      'validate hostile-type.json',
      'validate hostile-broken.json',
      'plan hostile-type.json',
      `inspect ${id}`,
      'inspect s.json',
      'inspect waits',
      `why ${id} skipped`,
      `why ${id} ''`,
      `why waits ${h}`,
      `history ${id}`,
      `history ${id} --at 3`,
      `history waits --node ${h}`,
      `history waits --type ${h}`,
      `watch --once ${id}`,
      `watch ${id}`,
      'watch --once waits',
      'show waits',
      'plan waits',
      'graph waits',
      'graph hostile-nested.mjs',
      `signal waits ${h}`,
      `signal waits ${h} ${h}`,
      `signal waits --text s ${h}`,
      'signal waits s --workflow hostile-nested.mjs',
      `answer waits ${h}`,
      `answer --token ${h}`,
      `token waits ${h}`,
      `retry ${id} --node ${h}`,
      `retry ${id} --by ${h} --why ${h}`,
      `skip ${id} ${h}`,
      `set ${id} ${h} 1`,
      `set ${id} --variable ${h} --text ${h} --by ${h}`,
      `unset ${id} --variable ${h}`,
      `unset ${id} --variable ${h}`,
      `show "$(printf 'no\\033[2Jbody')"`,
      `run "$(printf 'no\\033[2Jfile.json')"`,
      `run hostile.json --input "$(printf '{\\033[2J')"`,
      `run hostile.json --run-id ${id} --verbose`,
      `"$(printf '\\033[2J')"`,
    ]
    for (const command of commands) {
      const { out, err } = hasScript ? { out: onTerminal(`$W ${command}`).text, err: '' } : shell(`$W ${command}`)
      const text = out + err
      expect(text, command).not.toMatch(ACTS)
      expect(text.length, command).toBeGreaterThan(10)
    }
  })

  it('is given whole in JSON', () => {
    const { out } = waystone('show', 's.json', '--json')
    expect(out).not.toMatch(/(?!\n)[\p{Cc}]/u)
    expect(JSON.parse(out)).toMatchObject({ nodes: [{ id: hostileId, output: '\u001b[2J\u0007' }, {}, { id: '' }] })
  })

  it('leads to a command that resumes the run it names', () => {
    const runId = "it's \u001b[31m %s \\ $HOME"
    const { out } = waystone('run', 'hostile.json', '--run-id', runId)
    const command = /^resume with: waystone (.*)$/m.exec(out)![1]!
    expect(command).not.toMatch(ACTS)
    expect(shell(`$W ${command} --json`).out).toContain(JSON.stringify(runId))
  })
})

describe('with --json', () => {
  it.each([
    ['ls'],
    ['inspect waits'],
    ['why waits list'],
    ['history waits'],
    ['history waits --at 2'],
    ['history waits --type nothing'],
    ['history nobody'],
    ['watch --once waits'],
    ['signal waits s'],
    ['answer waits w1'],
    ['token waits w1'],
    ['retry waits --node list'],
    ['skip waits list'],
    ['skip waits none'],
    ['set waits --variable v 1'],
    ['unset waits --variable v'],
    ['set waits'],
    ['watch nobody'],
    ['show s.json'],
    ['show hostile.json'],
    ['graph s.json'],
    ['plan s.json'],
    ['plan hostile.json'],
    ['validate s.json'],
    ['validate hostile-broken.json'],
    ['save none -o x.json'],
    ['show nobody'],
    ['run nobody.json'],
    ['run'],
    ['nothing'],
    ['resume nobody'],
  ])('standard output of %s is one JSON document', (command) => {
    const { out } = waystone(...command.split(' '), '--json')
    expect(out.endsWith('}\n')).toBe(true)
    expect(out.trimEnd()).not.toContain('\n')
    expect(JSON.parse(out)).toBeTypeOf('object')
  })

  it('standard output of run and resume is a JSON document a line, the last of them the result', () => {
    const { code, out } = waystone('run', 'hostile.json', '--json', '--run-id', 'lines')
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string })
    expect(code).toBe(3)
    expect(lines[0]).toMatchObject({ type: 'run.started', seq: 1, runId: 'lines' })
    expect(lines.at(-1)).toMatchObject({
      type: 'result',
      status: 'failed',
      failedNodeId: '',
      resumeCommand: 'waystone resume lines',
    })
  })

  it('an error is the last line, with its code and the exit code', () => {
    const { code, out, err } = waystone('run', 'hostile.json', '--json', '--run-id', 'lines')
    expect(JSON.parse(out)).toMatchObject({
      type: 'error',
      exitCode: code,
      error: { code: 'STORE_EXISTS', details: { runId: 'lines' } },
    })
    expect(err).toMatch(/^error STORE_EXISTS: /)
  })
})
