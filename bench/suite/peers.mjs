// Whether the peers are there, and how they come.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../peers/', import.meta.url))
const wanted = fileURLToPath(new URL('../peers/package-lock.json', import.meta.url))
const installed = fileURLToPath(new URL('../peers/node_modules/.package-lock.json', import.meta.url))

/** What fits a peer to a workload; loaded only in the process that measures it, since it imports the peer. */
export const peerModule = (file) => import(`../peers/${file}.mjs`)

/** Whether what is installed is what the lock file says now; packages for other platforms never are. */
function areInstalled() {
  if (!existsSync(installed)) return false
  const packagesOf = (file) => JSON.parse(readFileSync(file, 'utf8')).packages
  const found = packagesOf(installed)
  return Object.entries(packagesOf(wanted)).every(
    ([path, { version, optional }]) =>
      path === '' || (found[path] === undefined ? optional : found[path].version === version),
  )
}

/** Installs the peers by their lock file, without running any of their scripts, unless they are there; false when npm could not. */
export function installPeers() {
  if (areInstalled()) return true
  console.log('installing the peers into bench/peers/node_modules')
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  })
  return status === 0
}
