import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { StoreError } from '../../../src/base/errors.ts'
import { colored } from '../../../src/cli/format/color.ts'
import { ioLogger, processIo, writeError } from '../../../src/cli/io.ts'
import { Progress } from '../../../src/cli/progress.ts'
import type { RunEvent, RunEventType } from '../../../src/run/event.ts'
import { pendingState } from '../../../src/run/run.ts'

interface Given {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly env?: Record<string, string>
}

function hostOf({ isTTY = false, columns = 80, env = {} }: Given = {}) {
  const written = { out: '', err: '' }
  const stream = (name: 'out' | 'err') => ({
    isTTY,
    columns,
    write: (text: string) => {
      written[name] += text
    },
  })
  return { written, host: { stdout: stream('out'), stderr: stream('err'), env } }
}

/** Begins the line anew. */
const ERASE = '\r\u001b[2K'
const plain = { isVerbose: false, isJson: false }

describe('processIo', () => {
  it('colours on a terminal alone', () => {
    expect(processIo(hostOf({ isTTY: true }).host, plain)).toMatchObject({ hasOutColor: true, canRewrite: true })
    expect(processIo(hostOf().host, plain)).toMatchObject({ hasOutColor: false, canRewrite: false })
  })

  it('respects NO_COLOR, unless it is empty, and TERM=dumb', () => {
    const io = (env: Record<string, string>) => processIo(hostOf({ isTTY: true, env }).host, plain)
    expect(io({ NO_COLOR: '1' })).toMatchObject({ hasOutColor: false, hasErrColor: false, canRewrite: true })
    expect(io({ NO_COLOR: '' })).toMatchObject({ hasOutColor: true, hasErrColor: true })
    expect(io({ TERM: 'dumb' })).toMatchObject({ hasOutColor: false, hasErrColor: false, canRewrite: false })
  })

  it('leaves words plain without colour', () => {
    expect(colored('completed', false)).toBe('completed')
    expect(colored('completed', true)).toBe('\u001b[32mcompleted\u001b[39m')
  })

  it('keeps the status line below what is written, and takes it away', () => {
    const { written, host } = hostOf({ isTTY: true })
    const io = processIo(host, plain)
    io.status('1/2')
    io.err('note\n')
    io.out('result\n')
    io.status(null)
    io.status(null)
    expect(written.err).toBe(`${ERASE}1/2${ERASE}note\n1/2${ERASE}1/2${ERASE}`)
    expect(written.out).toBe('result\n')
  })

  it('lets no status line wrap, or move the cursor', () => {
    const { written, host } = hostOf({ isTTY: true, columns: 10 })
    processIo(host, plain).status('\u001b[2Jabcdefghijkl')
    expect(written.err).toBe(`${ERASE}\\u{1b}[2…`)
  })

  it.each([
    ['in a pipe', hostOf(), plain],
    ['with JSON', hostOf({ isTTY: true }), { isVerbose: false, isJson: true }],
    ['on a terminal that can not', hostOf({ isTTY: true, env: { TERM: 'dumb' } }), plain],
  ])('shows no status line %s', (_, { written, host }, asked) => {
    processIo(host, asked).status('1/2')
    expect(written.err).toBe('')
  })
})

describe('draw', () => {
  const line = (text: string) => ({ text, status: null })

  it('puts a picture over the one before it, from its first line on', () => {
    const { written, host } = hostOf({ isTTY: true })
    const io = processIo(host, plain)
    io.draw([line('a'), line('b'), line('c')])
    io.draw([line('d')])
    io.draw([line('e'), line('f')])
    expect(written.out).toBe('a\nb\nc\n\u001b[3A\r\u001b[0Jd\n\u001b[1A\r\u001b[0Je\nf\n')
  })

  it('colours a status that is all there, and cuts what would wrap', () => {
    const { written, host } = hostOf({ isTTY: true, columns: 12 })
    const io = processIo(host, plain)
    const status = (text: string) => ({ text, status: { word: 'failed' as const, offset: 3 } })
    io.draw([status('a  failed  x'), status('a  failed'), status('日本語  failed')])
    expect(written.out).toBe('a  \u001b[31mfailed\u001b[39m …\na  \u001b[31mfailed\u001b[39m\n日本語  fa…\n')
  })

  it('is no way to show anything in a pipe, as JSON, or on a terminal that can not', () => {
    expect(processIo(hostOf().host, plain).canDraw).toBe(false)
    expect(processIo(hostOf({ isTTY: true }).host, { isVerbose: false, isJson: true }).canDraw).toBe(false)
    expect(processIo(hostOf({ isTTY: true, env: { TERM: 'dumb' } }).host, plain).canDraw).toBe(false)
    expect(processIo(hostOf({ isTTY: true }).host, plain)).toMatchObject({ canDraw: true })
  })
})

describe('writeError', () => {
  it('writes one line with the code, and no stack', () => {
    const { written, host } = hostOf()
    writeError(processIo(host, plain), new StoreError('STORE_HELD', 'held by another'), 7)
    expect(written).toEqual({ out: '', err: 'error STORE_HELD: held by another\n' })
  })

  it('writes the stacks of the error and its causes when asked', () => {
    const { written, host } = hostOf()
    const error = new StoreError('STORE_IO', 'no', { cause: new TypeError('the reason') })
    writeError(processIo(host, { isVerbose: true, isJson: false }), error, 1)
    expect(written.err).toContain('io.test.ts')
    expect(written.err).toContain('TypeError: the reason')
  })

  it('writes JSON beside it when asked', () => {
    const { written, host } = hostOf()
    const io = processIo(host, { isVerbose: false, isJson: true })
    writeError(io, new StoreError('STORE_HELD', 'held', { details: { runId: 'r' } }), 7)
    writeError(io, new TypeError('no'), 1)
    expect(written.err).toBe('error STORE_HELD: held\nerror TypeError: no\n')
    expect(
      written.out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { type: 'error', exitCode: 7, error: { code: 'STORE_HELD', message: 'held', details: { runId: 'r' } } },
      { type: 'error', exitCode: 1, error: { code: 'TypeError', message: 'no' } },
    ])
  })

  it('lets no message move the cursor', () => {
    const { written, host } = hostOf()
    writeError(processIo(host, plain), new Error('\u001b[2Jgone\r'), 1)
    expect(written.err).toBe('error Error: \\u{1b}[2Jgone\\r\n')
  })

  it.each([
    [undefined, 'undefined'],
    [Object.create(null), 'something that can not be shown as text'],
    ['text', 'text'],
  ])('takes whatever was thrown: %o', (thrown, message) => {
    const { written, host } = hostOf()
    writeError(processIo(host, plain), thrown, 1)
    expect(written.err).toBe(`error Error: ${message}\n`)
  })
})

describe('ioLogger', () => {
  it('names the node of a log line, and keeps debug lines for the verbose', () => {
    const lines = (isVerbose: boolean) => {
      const { written, host } = hostOf()
      const logger = ioLogger(processIo(host, { isVerbose, isJson: false }))
      logger.debug('looking', { nodeId: 'a' })
      logger.info('3 rows\u001b', { nodeId: 'a\u001b' })
      logger.warn('cut')
      logger.error('not recorded')
      logger.error('no', { nodeId: '' })
      return written.err
    }
    const always = 'info a\\u{1b}: 3 rows\\u{1b}\nwarning: cut\nwarning: not recorded\nerror "": no\n'
    expect(lines(false)).toBe(always)
    expect(lines(true)).toBe(`debug a: looking\n${always}`)
  })
})

describe('Progress', () => {
  const state = pendingState({
    runId: 'r',
    workflow: {
      id: 'w',
      version: '1.0.0',
      nodes: [
        { id: 'a\u001b', type: 't' },
        { id: 'b', type: 't' },
      ],
      edges: [],
    },
    fingerprint: 'f',
  })
  const factOf = (type: RunEventType, nodeId: string, more: object = {}, path?: readonly string[]) =>
    ({
      ...{ seq: 2, runId: 'r', at: 0, type, data: { nodeId, attempt: 1, ...more } },
      ...(path === undefined ? {} : { path }),
    }) as unknown as RunEvent

  beforeEach(() => {
    vi.useFakeTimers()
  })

  afterEach(() => {
    vi.useRealTimers()
  })

  it('writes a line for each fact in a pipe', () => {
    const { written, host } = hostOf()
    new Progress(processIo(host, plain), state).tell(factOf('node.started', 'a\u001b'))
    expect(written.err).toBe('started a\\u{1b}\n')
  })

  it('shows the last of many facts on a terminal, drawn once for all of them', () => {
    const { written, host } = hostOf({ isTTY: true })
    const progress = new Progress(processIo(host, plain), state)
    progress.tell(factOf('node.started', 'a\u001b'))
    progress.tell(factOf('node.completed', 'a\u001b'))
    progress.tell(factOf('node.started', 'b'))
    vi.runAllTimers()
    expect(written.err).toBe(`${ERASE}w 1/2, running: b`)
    progress.close()
    expect(written.err).toBe(`${ERASE}w 1/2, running: b${ERASE}`)
  })

  it('shows how far a node says it is', () => {
    const { written, host } = hostOf({ isTTY: true })
    const progress = new Progress(processIo(host, plain), state)
    progress.tell(factOf('node.started', 'b'))
    progress.tellProgress({ type: 'progress', runId: 'r', nodeId: 'b', attempt: 1, fraction: 0.255, text: 'rows' })
    vi.runAllTimers()
    expect(written.err).toBe(`${ERASE}w 0/2, running: b (25 % rows)`)
  })

  it('shows how many items of a map node are through', () => {
    const { written, host } = hostOf({ isTTY: true })
    const progress = new Progress(processIo(host, plain), state)
    progress.tell(factOf('node.started', 'b'))
    progress.tell(factOf('items.listed', 'b', { count: 3 }))
    progress.tell(factOf('item.completed', 'b', { item: 0 }))
    progress.tell(factOf('item.failed', 'b', { item: 1, error: { name: 'E', message: 'no' } }))
    vi.runAllTimers()
    expect(written.err).toBe(`${ERASE}w 0/2, running: b (2/3)`)
  })

  it('counts no node of a nested run as one of the run, also when it has the same id', () => {
    const { written, host } = hostOf({ isTTY: true })
    const progress = new Progress(processIo(host, plain), state)
    progress.tell(factOf('node.started', 'b'))
    progress.tell(factOf('child.started', 'b'))
    progress.tell(factOf('node.started', 'b', {}, ['b']))
    vi.runAllTimers()
    progress.tell(factOf('node.completed', 'b', {}, ['b']))
    vi.runAllTimers()
    expect(written.err).toBe(`${ERASE}w 0/2, running: b › b${ERASE}w 0/2`)
  })

  it('draws nothing once it is closed', () => {
    const { written, host } = hostOf({ isTTY: true })
    const progress = new Progress(processIo(host, plain), state)
    progress.tell(factOf('node.started', 'b'))
    progress.close()
    progress.tell(factOf('node.completed', 'b'))
    vi.runAllTimers()
    expect(written.err).toBe('')
  })
})
