// Where a durable peer keeps its state: a folder of its own, or a database of the Postgres server.
import { randomBytes } from 'node:crypto'
import { cpSync } from 'node:fs'
import { askPostgres, POSTGRES_VARIABLE } from './postgres.mjs'
import { makeScratch, removeScratch, sizeOf } from './scratch.mjs'

/** An empty place of a kind, `folder` or `database`; `from` is a place to begin with a copy of, which nobody uses any more. */
export async function makePlace(kind, from) {
  return kind === 'folder' ? folderPlace(from) : databasePlace(from)
}

function folderPlace(from) {
  const folder = makeScratch()
  if (from !== undefined) cpSync(from.where.folder, folder, { recursive: true })
  return { where: { folder }, bytes: async () => sizeOf(folder), remove: async () => removeScratch(folder) }
}

async function databasePlace(from) {
  const server = process.env[POSTGRES_VARIABLE]
  const name = `bench_${randomBytes(6).toString('hex')}`
  await askPostgres(server, `CREATE DATABASE ${name}${from === undefined ? '' : ` TEMPLATE ${from.name}`}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  // Tables with what belongs to them; the server's own log, which is cut off again, is no part of it.
  const size = `SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::float8 AS bytes FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')`
  return {
    name,
    where: { url: url.href },
    bytes: async () => (await askPostgres(url.href, size))[0].bytes,
    remove: async () => askPostgres(server, `DROP DATABASE ${name} WITH (FORCE)`),
  }
}
