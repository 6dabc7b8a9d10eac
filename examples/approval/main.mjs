// Orders that wait for a person's answer. Each step is a process of its own, and between two of them none is alive: an order
// waits on disk, however long. The first order is answered (once in a shape that is refused), the second is declined, and of
// the third the deadline passes while nothing runs.
//
//   npm run example:approval
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createEngine } from 'waystone'
import { fileStore } from 'waystone/store/file'

const WEEK_MS = 7 * 24 * 60 * 60 * 1000
const folder = mkdtempSync(join(tmpdir(), 'waystone-approval-'))
const chairs = { article: 'chairs', pieces: 4, centsEach: 12_500, answerWithinMs: WEEK_MS }

try {
  await main()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function main() {
  step('start.mjs', 'first', chairs)
  const before = await head('first')
  step('answer.mjs', 'first', { isAccepted: 'yes' })
  console.log(`  facts added: ${(await head('first')) - before}`)
  step('answer.mjs', 'first', { isAccepted: true, by: 'Ada' })
  console.log(`  facts added: ${(await head('first')) - before}`)
  step('finish.mjs', 'first')

  step('start.mjs', 'second', chairs)
  step('answer.mjs', 'second', { isAccepted: false, by: 'Grace' })
  step('finish.mjs', 'second')

  step('start.mjs', 'third', { ...chairs, answerWithinMs: 1_000 })
  console.log('(a second passes, in which nobody answers)')
  await sleep(1_000)
  step('finish.mjs', 'third')
}

/** Runs one of the programs beside this one to its end, and prints what it printed. */
function step(program, runId, argument) {
  const given = argument === undefined ? [] : [JSON.stringify(argument)]
  console.log(`$ ${[program, runId, ...given].join(' ')}`)
  const file = fileURLToPath(new URL(program, import.meta.url))
  const { status, stdout } = spawnSync(process.execPath, [file, folder, runId, ...given], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) throw new Error(`${program} ended with ${status}`)
  console.log(stdout.trimEnd().replaceAll(/^/gm, '  '))
}

/** How many facts the log of a run has. */
async function head(runId) {
  const store = fileStore(folder)
  try {
    return (await createEngine({ store }).get(runId)).seq
  } finally {
    await store.close()
  }
}
