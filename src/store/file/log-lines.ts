import type { FileSystem } from './file-system.ts'

/** A line of a log: its bytes without the line break, and where it begins. */
export interface LogLine {
  readonly bytes: Uint8Array
  readonly offset: number
}

const CHUNK_BYTES = 1024 * 1024
const LINE_BREAK = 0x0a

/**
 * The lines of a log from a byte offset to the end the file has now, in groups, so that memory follows the longest line
 * and not the file. Bytes of a group are valid until the next is asked for.
 */
export async function* logLines(
  fileSystem: FileSystem,
  fd: number,
  from: number,
  chunkBytes: number = CHUNK_BYTES,
): AsyncGenerator<readonly LogLine[], void, undefined> {
  const end = fileSystem.info(fd).sizeBytes
  let carried: Uint8Array[] = []
  let carriedBytes = 0
  let position = from
  while (position < end) {
    const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, end - position))
    const filled = await fileSystem.read(fd, chunk, position)
    if (filled === 0) break
    const lines: LogLine[] = []
    let start = 0
    for (;;) {
      const stop = chunk.indexOf(LINE_BREAK, start)
      if (stop === -1 || stop >= filled) break
      const tail = chunk.subarray(start, stop)
      const offset = position + start - carriedBytes
      lines.push({ bytes: carriedBytes === 0 ? tail : Buffer.concat([...carried, tail]), offset })
      carried = []
      carriedBytes = 0
      start = stop + 1
    }
    if (start < filled) {
      carried.push(chunk.subarray(start, filled))
      carriedBytes += filled - start
    }
    position += filled
    if (lines.length > 0) yield lines
  }
  if (carriedBytes > 0) {
    yield [{ bytes: carried.length === 1 ? carried[0]! : Buffer.concat(carried), offset: position - carriedBytes }]
  }
}
