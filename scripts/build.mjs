// Compiles src to dist with plain tsc, skipping the work when nothing changed since the last build.
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const stamp = join(root, 'dist', '.stamp')

const newest = (dir) =>
  readdirSync(join(root, dir), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((latest, entry) => Math.max(latest, statSync(join(entry.parentPath, entry.name)).mtimeMs), 0)

const changedAt = Math.max(
  newest('src'),
  statSync(join(root, 'tsconfig.json')).mtimeMs,
  statSync(join(root, 'package.json')).mtimeMs,
)
if (existsSync(stamp) && statSync(stamp).mtimeMs > changedAt && !process.argv.includes('--force')) process.exit(0)

rmSync(join(root, 'dist'), { recursive: true, force: true })
const tsc = spawnSync(
  process.execPath,
  [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'tsconfig.json')],
  {
    stdio: 'inherit',
    cwd: root,
  },
)
if (tsc.status !== 0) process.exit(tsc.status ?? 1)
for (const entry of readdirSync(join(root, 'src'), { withFileTypes: true, recursive: true })) {
  if (!entry.isFile() || !/\.generated\.(js|d\.ts)$/.test(entry.name)) continue
  const from = join(entry.parentPath, entry.name)
  cpSync(from, from.replace(join(root, 'src'), join(root, 'dist')))
}
const cli = join(root, 'dist/cli/main.js')
if (existsSync(cli)) chmodSync(cli, 0o755)
writeFileSync(stamp, '')
