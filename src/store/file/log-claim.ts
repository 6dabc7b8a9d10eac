import { type FileSystem, isMissing } from './file-system.ts'
import { FIRST_LINE } from './log-chain.ts'
import { logLines } from './log-lines.ts'
import { decodeClaim, decodeRecord, type Holder, MAX_RELEASE_BYTES } from './record.ts'

/** The epoch a log is begun in when nothing is known of the run: its first record is the claim. */
export const FIRST_EPOCH = 1

const HEAD_BYTES = 1024
const LINE_BREAK = 0x0a

/**
 * The claim a log was begun under, as its first record says, and whether its last one lets it go.
 * @returns null when there is no log, or its first record can not be read or is no claim by itself
 */
export async function readLogClaim(
  fileSystem: FileSystem,
  logPath: string,
): Promise<(Holder & { readonly released: boolean }) | null> {
  let fd: number
  try {
    fd = fileSystem.open(logPath, 'read')
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
  try {
    const holder = await firstHolder(fileSystem, fd)
    return holder === null ? null : { ...holder, released: await isReleased(fileSystem, fd) }
  } finally {
    fileSystem.close(fd)
  }
}

async function firstHolder(fileSystem: FileSystem, fd: number): Promise<Holder | null> {
  for await (const lines of logLines(fileSystem, fd, 0, HEAD_BYTES)) {
    for (const { bytes, offset } of lines) {
      if (offset < FIRST_LINE) continue
      const record = offset === FIRST_LINE ? decodeRecord(bytes) : null
      return record?.kind === 'claim' ? (decodeClaim(record).holder ?? null) : null
    }
  }
  return null
}

/** Whether the last thing written is that the first holder let go; who claims after it makes a claim file first. */
async function isReleased(fileSystem: FileSystem, fd: number): Promise<boolean> {
  const { sizeBytes } = fileSystem.info(fd)
  const tail = Buffer.alloc(Math.min(sizeBytes, MAX_RELEASE_BYTES))
  const length = await fileSystem.read(fd, tail, sizeBytes - tail.length)
  const record = decodeRecord(tail.subarray(tail.lastIndexOf(LINE_BREAK, length - 1) + 1, length))
  return record?.kind === 'release'
}
