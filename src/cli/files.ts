import { open, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { quote, UsageError, WaystoneError } from '../base/errors.ts'
import { shellQuoted } from './format/shell.ts'
import type { GivenValue } from './invocation.ts'
import { messageOf } from './io.ts'

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
  const isFile = input.startsWith('@')
  const text = isFile ? await readText(input.slice(1)) : input
  return jsonOf(text, '--input expects JSON, or @file', isFile ? `in the file ${quote(input.slice(1))}` : quote(input))
}

/**
 * A value of the command line: JSON text, `@` and the path of a file with it, or `-` for standard input; undefined for none.
 * @param what - what it is, for messages: `the payload`
 * @throws {UsageError} USAGE when it is not JSON
 * @throws {WaystoneError} CLI_FILE
 */
export async function readValue({ given, isText }: GivenValue, what: string): Promise<unknown> {
  if (given === null) {
    if (!isText) return undefined
    throw new UsageError('USAGE', `--text expects ${what}; give it, or leave --text out`)
  }
  const isFile = given.startsWith('@')
  const text = isFile ? await readText(given.slice(1)) : given === '-' ? await readStdin() : given
  if (isText) return text
  const where = isFile ? `in the file ${quote(given.slice(1))}` : given === '-' ? 'on standard input' : quote(given)
  return jsonOf(text, `${what} is to be JSON, @file, - for standard input, or any text with --text`, where)
}

/**
 * A token of the command line: itself, `@` and the path of a file with it, or `-` for standard input.
 * @throws {WaystoneError} CLI_FILE
 */
export async function readToken(given: string): Promise<string> {
  return String(await readValue({ given, isText: true }, 'a token')).trim()
}

function jsonOf(text: string, expected: string, where: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw new UsageError('USAGE', `${expected}; got ${where}: ${(cause as Error).message}`, { cause })
  }
}

async function readText(path: string): Promise<string> {
  return textOf(await readBytes(path), path)
}

async function readStdin(): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array)
  return textOf(Buffer.concat(chunks), '-')
}

/**
 * The error for a file that can't be used; `details.use` says for what, so that a missing file is told from a missing folder
 * for a new one and from a file that a module looks for.
 */
export function fileError(path: string, use: FileUse, cause: unknown): WaystoneError {
  const { code } = (cause ?? {}) as { readonly code?: unknown }
  return new WaystoneError('CLI_FILE', `the file ${quote(path)} can not be ${use}: ${reasonOf(path, use, cause)}`, {
    details: { path, use, ...(typeof code === 'string' ? { systemCode: code } : {}) },
    cause,
  })
}

/** What was to be done with a file. */
export type FileUse = 'read' | 'read as UTF-8 text' | 'imported' | 'written'

const PACKAGE_NOT_FOUND = /^Cannot find package '([^']+)'/

function reasonOf(path: string, use: FileUse, cause: unknown): string {
  const { code } = (cause ?? {}) as { readonly code?: unknown }
  if (use === 'read' && code === 'ENOENT') return 'there is none'
  if (use === 'written' && code === 'ENOENT') return `there is no folder ${quote(dirname(path))}`
  if (code === 'EISDIR') return 'it is a folder'
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return `${messageOf(cause)}; compile the file first, or write it without syntax that Node can not strip`
  }
  // A module outside of a project finds no packages, this one neither, though the command that imports it is of it.
  const unfound =
    use === 'imported' && code === 'ERR_MODULE_NOT_FOUND' ? PACKAGE_NOT_FOUND.exec(messageOf(cause)) : null
  if (unfound !== null) {
    return `${messageOf(cause)}; packages are looked for from the file's own folder upwards: run npm install ${unfound[1]} in ${quote(dirname(path))}, or move the file into a project that has it`
  }
  // Where a syntax error stands is told by Node alone, and only when it prints the error itself.
  if (use === 'imported' && cause instanceof SyntaxError) {
    return `${messageOf(cause)}; node --check ${shellQuoted(path)} shows where, unless it is in a file it imports`
  }
  return messageOf(cause)
}
