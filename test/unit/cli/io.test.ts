import { describe, expect, it } from 'vitest'
import { StoreError } from '../../../src/base/errors.ts'
import { colored } from '../../../src/cli/format/color.ts'
import { processIo, writeError } from '../../../src/cli/io.ts'
import { Progress } from '../../../src/cli/progress.ts'
import type { RunEvent } from '../../../src/run/event.ts'
import { pendingState } from '../../../src/run/run.ts'

function hostOf({ isTTY = false, env = {} }: { isTTY?: boolean; env?: Record<string, string> } = {}) {
  const written = { out: '', err: '' }
  const stream = (name: 'out' | 'err') => ({
    isTTY,
    write: (text: string) => {
      written[name] += text
    },
  })
  return { written, host: { stdout: stream('out'), stderr: stream('err'), env } }
}

describe('processIo', () => {
  it('colours on a terminal alone', () => {
    expect(processIo(hostOf({ isTTY: true }).host, false)).toMatchObject({ hasOutColor: true, canRewrite: true })
    expect(processIo(hostOf().host, false)).toMatchObject({ hasOutColor: false, canRewrite: false })
  })

  it('respects NO_COLOR, unless it is empty, and TERM=dumb', () => {
    const colors = (env: Record<string, string>) => processIo(hostOf({ isTTY: true, env }).host, false).hasOutColor
    expect(colors({ NO_COLOR: '1' })).toBe(false)
    expect(colors({ NO_COLOR: '' })).toBe(true)
    expect(colors({ TERM: 'dumb' })).toBe(false)
  })

  it('leaves words plain without colour', () => {
    expect(colored('completed', false)).toBe('completed')
    expect(colored('completed', true)).toBe('\u001b[32mcompleted\u001b[39m')
  })
})

describe('writeError', () => {
  it('writes one line with the code, and no stack', () => {
    const { written, host } = hostOf()
    writeError(processIo(host, false), new StoreError('STORE_HELD', 'held by another'))
    expect(written.err).toBe('error STORE_HELD: held by another\n')
  })

  it('writes the stacks of the error and its causes when asked', () => {
    const { written, host } = hostOf()
    writeError(processIo(host, true), new StoreError('STORE_IO', 'no', { cause: new TypeError('the reason') }))
    expect(written.err).toContain('io.test.ts')
    expect(written.err).toContain('TypeError: the reason')
  })

  it('lets no message move the cursor', () => {
    const { written, host } = hostOf()
    writeError(processIo(host, false), new Error('\u001b[2Jgone\r'))
    expect(written.err).toBe('error Error: \\u{1b}[2Jgone\\r\n')
  })
})

describe('Progress', () => {
  const state = pendingState({
    runId: 'r',
    workflow: { id: 'w', version: '1.0.0', nodes: [{ id: 'a', type: 't' }], edges: [] },
    fingerprint: 'f',
  })
  const started = {
    seq: 2,
    runId: 'r',
    at: 0,
    type: 'node.started',
    data: { nodeId: 'a\u001b', attempt: 1 },
  } as const satisfies RunEvent

  it('writes a line for each fact in a pipe', () => {
    const { written, host } = hostOf()
    new Progress(processIo(host, false), state).tell(started)
    expect(written.err).toBe('started a\\u{1b}\n')
  })

  it('writes one line over again on a terminal, and takes it away', () => {
    const { written, host } = hostOf({ isTTY: true })
    const progress = new Progress(processIo(host, false), state)
    progress.tell(started)
    expect(written.err).toBe('\r\u001b[2Kw 0/1, running: a\\u{1b}')
    progress.note('pausing')
    expect(written.err).toMatch(/\r\u001b\[2Kpausing\n$/)
  })
})
