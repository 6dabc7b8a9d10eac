import { open, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { quote, UsageError, WaystoneError } from '../base/errors.ts'

/**
 * The bytes of a file.
 * @throws {WaystoneError} CLI_FILE with `details.systemCode`
 */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw fileError(path, 'read', cause)
  }
}

/**
 * The text of a UTF-8 file, without a byte order mark.
 * @throws {WaystoneError} CLI_FILE
 */
export function textOf(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw fileError(path, 'read as UTF-8 text', cause)
  }
}

/**
 * Writes a file whole or not at all: beside its place first, then moved there.
 * @throws {WaystoneError} CLI_FILE
 */
export async function writeWhole(path: string, data: string | Uint8Array): Promise<void> {
  const beside = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`)
  try {
    const handle = await open(beside, 'wx')
    try {
      await handle.writeFile(data)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(beside, path)
  } catch (cause) {
    await rm(beside, { force: true })
    throw fileError(path, 'written', cause)
  }
}

/**
 * The value of `--input`: JSON text, or `@` and the path of a JSON file; undefined for none.
 * @throws {UsageError} USAGE when it is not JSON
 * @throws {WaystoneError} CLI_FILE
 */
export async function readInput(input: string | null): Promise<unknown> {
  if (input === null) return undefined
  const text = input.startsWith('@') ? textOf(await readBytes(input.slice(1)), input.slice(1)) : input
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    const where = input.startsWith('@') ? `in the file ${quote(input.slice(1))}` : quote(input)
    throw new UsageError('USAGE', `--input expects JSON, or @file; got ${where}: ${(cause as Error).message}`, {
      cause,
    })
  }
}

/** The error for a file that can't be used. */
export function fileError(path: string, what: string, cause: unknown): WaystoneError {
  const { code } = cause as { readonly code?: unknown }
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new WaystoneError('CLI_FILE', `the file ${quote(path)} can not be ${what}: ${reason}`, {
    details: { path, ...(typeof code === 'string' ? { systemCode: code } : {}) },
    cause,
  })
}
