// Runs the quick tests on other Node versions, each fetched from npm on demand: `npm run test:nodes`, or `-- 25` for others.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const versions = process.argv.length > 2 ? process.argv.slice(2) : ['22', '24', '26']

const failed = versions.filter((version) => {
  const node = ['--yes', `node@${version}`]
  const found = spawnSync('npx', [...node, '--version'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  console.log(`node ${version}: ${found.stdout?.trim() || 'could not be fetched'}`)
  if (found.status !== 0) return true
  const args = [...node, 'node_modules/vitest/vitest.mjs', 'run', '--project', 'quick', '--reporter=dot', '--silent']
  return spawnSync('npx', args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }).status !== 0
})

console.log(failed.length === 0 ? `passed on ${versions.join(', ')}` : `failed on ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
