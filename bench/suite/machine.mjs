// Where and with what a result was made.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statfsSync } from 'node:fs'
import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'

const at = (relative) => fileURLToPath(new URL(`../../${relative}`, import.meta.url))

/** Magic numbers of `statfs` on Linux for the file systems one meets. */
const FILE_SYSTEMS = { 61267: 'ext4', 16914836: 'tmpfs', 2435016766: 'btrfs', 1481003842: 'xfs', 2035054128: 'overlay' }

const versionOf = (manifest) => JSON.parse(readFileSync(manifest, 'utf8')).version

function commitOf() {
  try {
    const git = (...args) =>
      execFileSync('git', args, { cwd: at('.'), encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    const isChanged = git('status', '--porcelain', '--untracked-files=no').trim() !== ''
    return `${git('rev-parse', '--short', 'HEAD').trim()}${isChanged ? ' with changes' : ''}`
  } catch {
    return 'unknown'
  }
}

/** Processor, memory, system and the file system the files of the durable workloads are on. */
export const machineOf = () => ({
  processor: cpus()[0]?.model.trim() ?? 'unknown',
  cores: availableParallelism(),
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  system: `${platform()} ${release()} ${arch()}`,
  fileSystem: FILE_SYSTEMS[statfsSync(at('.')).type] ?? 'unknown',
})

/** Versions of what was measured; peers by name where they took part. */
export function versionsOf(withPeers) {
  const { dependencies } = JSON.parse(readFileSync(at('bench/peers/package.json'), 'utf8'))
  const peers = Object.keys(dependencies).flatMap((name) => {
    const manifest = at(`bench/peers/node_modules/${name}/package.json`)
    return withPeers && existsSync(manifest) ? [[name, versionOf(manifest)]] : []
  })
  return {
    node: process.version,
    v8: process.versions.v8,
    waystone: versionOf(at('package.json')),
    commit: commitOf(),
    peers: Object.fromEntries(peers),
  }
}

/** Processes that wanted a core over the last minute: above the number of cores, times are not worth much. */
export const loadNow = () => Number((loadavg()[0] ?? 0).toFixed(1))
