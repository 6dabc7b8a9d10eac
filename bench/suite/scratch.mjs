// Folders for the files of a measurement, on the disk the project is on: a temporary folder may be held in memory.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const parent = fileURLToPath(new URL('../../node_modules/.cache/waystone-bench/', import.meta.url))

/** A new empty folder. */
export function makeScratch() {
  mkdirSync(parent, { recursive: true })
  return mkdtempSync(join(parent, 'run-'))
}

export const removeScratch = (folder) => rmSync(folder, { recursive: true, force: true })

/** Bytes of all files below a folder. */
export function sizeOf(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}
