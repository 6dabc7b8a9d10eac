import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createEngine, deserialize } from '../../src/index.ts'
import { fileStore } from '../../src/store/file/index.ts'
import { count } from '../helpers/count.ts'

const KILLS = 60
const SNAPSHOT_KILLS = 20

/** Runs a child; kills it so many milliseconds after it has started the run. Gives what it printed and whether it was killed. */
function runChild(
  script: string,
  args: readonly string[],
  killAfterMs: number | null,
): Promise<{ readonly out: string; readonly killed: boolean }> {
  return new Promise((resolve, reject) => {
    const file = fileURLToPath(new URL(script, import.meta.url))
    const process = spawn(globalThis.process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    let errors = ''
    process.stdout.on('data', (chunk: Buffer) => {
      if (out === '' && killAfterMs !== null) setTimeout(() => process.kill('SIGKILL'), killAfterMs)
      out += chunk
    })
    process.stderr.on('data', (chunk: Buffer) => {
      errors += chunk
    })
    process.on('error', reject)
    process.on('close', (code, signal) => {
      if (code !== 0 && signal === null) reject(new Error(`the child failed: ${errors}`))
      else resolve({ out, killed: signal === 'SIGKILL' })
    })
  })
}

describe('a process killed on the file store', () => {
  it('loses nothing recorded, and no completed node is called again', async () => {
    let kills = 0
    let expected: string | null = null
    for (let round = 0; kills < KILLS; round += 1) {
      const directory = mkdtempSync(join(tmpdir(), 'waystone-kill-'))
      const witness = join(directory, 'witness')
      writeFileSync(witness, '')
      try {
        for (;;) {
          const before = await recordedNodes(join(directory, 'store'), `run${round}`)
          const from = readFileSync(witness, 'utf8').length
          const wantsKill = kills < KILLS
          const { out, killed } = await runChild(
            './kill-child.mjs',
            [join(directory, 'store'), witness, `run${round}`],
            wantsKill ? Math.random() * 60 : null,
          )
          const called = readFileSync(witness, 'utf8').slice(from).split('\n').filter(Boolean)
          for (const id of called)
            expect(before.has(id), `${id} was recorded as completed and called again`).toBe(false)
          const after = await recordedNodes(join(directory, 'store'), `run${round}`)
          for (const id of before) expect(after.has(id), `${id} was recorded and is lost`).toBe(true)
          if (killed) {
            kills += 1
            continue
          }
          const end = out.split('\n').find((line) => line.startsWith('end ')) ?? out
          expect(end).toMatch(/^end completed /)
          expected ??= end
          expect(end).toBe(expected)
          break
        }
      } finally {
        rmSync(directory, { recursive: true, force: true })
      }
    }
    count('kills', kills)
  })
})

describe('a process killed while it writes snapshots to a file', () => {
  it('goes on from the last one: it is always whole, no node in it runs again, no node is started a third time', async () => {
    let kills = 0
    let expected: string | null = null
    while (kills < SNAPSHOT_KILLS) {
      const directory = mkdtempSync(join(tmpdir(), 'waystone-kill-'))
      const file = join(directory, 'run.json')
      const witness = join(directory, 'witness')
      writeFileSync(witness, '')
      try {
        const { killed } = await runChild('./snapshot-child.mjs', [file, witness], Math.random() * 90)
        const saved = existsSync(file) ? deserialize(readFileSync(file)).completedNodes : []
        const before = readFileSync(witness, 'utf8').split('\n').filter(Boolean)
        const { out } = await runChild('./snapshot-child.mjs', [file, witness], null)
        const started = readFileSync(witness, 'utf8').split('\n').filter(Boolean)
        for (const id of saved) expect(started.slice(before.length), `${id} is in the snapshot`).not.toContain(id)
        const times = new Map<string, number>()
        for (const id of started) times.set(id, (times.get(id) ?? 0) + 1)
        expect(times.size).toBe(50)
        for (const [id, starts] of times) expect(starts, `starts of ${id}`).toBeLessThanOrEqual(2)
        const end = out.split('\n').find((line) => line.startsWith('end ')) ?? out
        expect(end).toMatch(/^end completed 50 /)
        expected ??= end
        expect(end).toBe(expected)
        if (killed) kills += 1
      } finally {
        rmSync(directory, { recursive: true, force: true })
      }
    }
    count('kills between snapshots', kills)
  })
})

async function recordedNodes(directory: string, runId: string): Promise<Set<string>> {
  if (!existsSync(directory)) return new Set()
  const store = fileStore(directory)
  try {
    const engine = createEngine({ store })
    if ((await engine.get(runId)) === null) return new Set()
    return new Set((await engine.snapshot(runId)).completedNodes)
  } finally {
    await store.close()
  }
}
