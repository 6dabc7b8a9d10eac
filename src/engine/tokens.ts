import { checkOptions, invalidArgument } from '../base/argument.ts'
import { sha256Hex } from '../base/digest.ts'
import { RunError } from '../base/errors.ts'
import { fromBase64, toBase64 } from '../base/values/base64.ts'
import type { TokenIssue } from '../run/command.ts'
import { isEnded } from '../run/reduce.ts'
import type { Run } from '../run/run.ts'
import { waitingNode } from '../run/signal-waits.ts'
import { randomBytes } from './system.ts'

/** How a token is issued. */
export interface TokenOptions {
  /** Milliseconds after which it is no more good, above 0; default: as long as its wait is open. */
  readonly expiresInMs?: number
}

/** What a token says: whose it is, to be believed only once its digest is found. */
export interface TokenParts {
  readonly runId: string
  readonly waitId: string
  readonly digest: string
}

/** Bytes that nobody can guess. */
const SECRET_BYTES = 32

/** Most characters that are looked at. */
const MAX_LENGTH = 100_000

/** @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN */
export function checkTokenOptions(waitId: unknown, options: TokenOptions): void {
  if (typeof waitId !== 'string') throw invalidArgument('waitId', 'a string', waitId, { of: 'issueToken' })
  checkOptions(options, ['expiresInMs'], 'issueToken')
  const { expiresInMs } = options
  if (expiresInMs === undefined || (Number.isFinite(expiresInMs) && expiresInMs > 0)) return
  throw invalidArgument('expiresInMs', 'a number above 0', expiresInMs, { of: 'issueToken' })
}

/** A new token for a wait. Shape: `WyJyIiwidzMiXQ.kK0…`, the ids and 256 random bits, URL-safe. */
export function newToken(runId: string, waitId: string): string {
  const ids = new TextEncoder().encode(JSON.stringify([runId, waitId]))
  return `${urlSafe(ids)}.${urlSafe(randomBytes(SECRET_BYTES))}`
}

/** The command that lets a run know a token: by its digest alone. */
export function tokenCommand(token: string, waitId: string, expiresAt: number | null): TokenIssue {
  return { type: 'token.issue', waitId, digest: sha256Hex(token), expiresAt }
}

/** The parts of a token. @throws {RunError} TOKEN_INVALID for what is none */
export function tokenParts(token: unknown): TokenParts {
  if (typeof token !== 'string' || token.length > MAX_LENGTH) throw tokenInvalid()
  const [ids, secret, ...more] = token.split('.')
  const bytes = ids === undefined || secret === undefined || more.length > 0 ? null : bytesOf(ids)
  if (bytes === null) throw tokenInvalid()
  try {
    const parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown
    const [runId, waitId] = parsed as readonly unknown[]
    if (typeof runId !== 'string' || runId === '' || typeof waitId !== 'string') throw tokenInvalid()
    return { runId, waitId, digest: sha256Hex(token) }
  } catch {
    throw tokenInvalid()
  }
}

/**
 * Holds a token to what its run knows of it. Why it is refused is not told: neither who forges one nor who found an old one is to learn anything.
 * @param at - now, in epoch ms
 * @throws {RunError} TOKEN_INVALID when it is forged, expired or used, or its wait is over
 */
export function requireToken({ root: { state }, root }: Run, { waitId, digest }: TokenParts, at: number): void {
  let found = false
  for (const known of Object.keys(state.tokens)) {
    const { expiresAt, waitId: own } = state.tokens[known]!
    const isGood = own === waitId && (expiresAt === null || at < expiresAt)
    if (isSameText(known, digest) && isGood) found = true
  }
  const isAnswered = state.signals.some((signal) => signal.waitId === waitId)
  if (!found || isAnswered || isEnded(state) || waitingNode(root, waitId) === null) throw tokenInvalid()
}

/** The one error for every token that is not good. */
export function tokenInvalid(): RunError {
  return new RunError('TOKEN_INVALID', 'the token is not good: it is forged, expired or used; ask for a new one')
}

/** Takes as long for texts that differ in their first character as for those that differ in their last. */
function isSameText(a: string, b: string): boolean {
  let difference = a.length ^ b.length
  for (let at = 0; at < a.length; at += 1) difference |= a.charCodeAt(at) ^ b.charCodeAt(at)
  return difference === 0
}

function urlSafe(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

function bytesOf(text: string): Uint8Array | null {
  if (!/^[\w-]+$/.test(text)) return null
  const padded = text.replaceAll('-', '+').replaceAll('_', '/')
  return fromBase64(padded.padEnd(Math.ceil(padded.length / 4) * 4, '='))
}
