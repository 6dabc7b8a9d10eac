import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const report = fileURLToPath(new URL('../../bench/report.mjs', import.meta.url))

it('the performance page is what its result makes of it, so no figure in it was written by hand', () => {
  const { status, stderr } = spawnSync(process.execPath, [report, '--check'], { encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(status).toBe(0)
})
