// A copy of the build and of this suite: whoever builds while a measurement goes on must not change what is measured.
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Below `node_modules`, so that the copy finds the packages of the project. */
const parent = join(root, 'node_modules/.cache/waystone-bench')

/** Copies what a measurement needs; the caller removes the copy. */
export function freeze() {
  mkdirSync(parent, { recursive: true })
  const folder = mkdtempSync(join(parent, 'build-'))
  const isLeftOut = (path) => path.startsWith(join(root, 'bench/results')) || path.includes('node_modules', root.length)
  for (const name of ['package.json', 'dist', 'bench']) {
    cpSync(join(root, name), join(folder, name), { recursive: true, filter: (path) => !isLeftOut(path) })
  }
  const peers = join(root, 'bench/peers/node_modules')
  if (existsSync(peers)) symlinkSync(peers, join(folder, 'bench/peers/node_modules'), 'junction')
  return folder
}

export const thaw = (folder) => rmSync(folder, { recursive: true, force: true })
