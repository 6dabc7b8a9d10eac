// Whether the peers are there, and how they come.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../peers/', import.meta.url))
const installed = fileURLToPath(new URL('../peers/node_modules/.package-lock.json', import.meta.url))

/** What is not compared with, and why; printed with every result that has peers. */
export const SKIPPED = [
  'openworkflow: its SQLite backend needs a newer Node, its other one a Postgres server',
  '@dbos-inc/dbos-sdk: needs a Postgres server',
  '@langchain/langgraph with SqliteSaver: better-sqlite3 has to be compiled, or fetched from outside the registry, on installation',
]

/** What fits a peer to a workload; loaded only in the process that measures it, since it imports the peer. */
export const peerModule = (file) => import(`../peers/${file}.mjs`)

/** Installs the peers by their lock file, without running any of their scripts; a second time does nothing. */
export function installPeers() {
  if (existsSync(installed)) return
  console.log('installing the peers into bench/peers/node_modules')
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  })
  if (status !== 0) throw new Error('npm ci in bench/peers failed; run the benchmarks without --peers')
}
