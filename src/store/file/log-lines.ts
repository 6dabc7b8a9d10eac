import type { FileSystem } from './file-system.ts'
import { recordLength } from './record.ts'

/** A line of a log: its bytes without the line break, and where it begins. */
export interface LogLine {
  readonly bytes: Uint8Array
  readonly offset: number
}

const MAX_CHUNK_BYTES = 1024 * 1024
const LINE_BREAK = 0x0a

/**
 * The lines of a log from a byte offset to the end the file has now, in groups, so that memory follows the longest line
 * and not the file. Bytes of a group are valid until the next is asked for.
 * @param chunkBytes - how much is read first; then twice as much each time, up to 1 MiB, which is the default
 */
export async function* logLines(
  fileSystem: FileSystem,
  fd: number,
  from: number,
  chunkBytes: number = MAX_CHUNK_BYTES,
): AsyncGenerator<readonly LogLine[], void, undefined> {
  const end = fileSystem.info(fd).sizeBytes
  let buffer = Buffer.alloc(0)
  /** Bytes of a line without its end, at the beginning of the buffer; they end at the position. */
  let held = 0
  let position = from
  for (let size = chunkBytes; position < end; size = Math.min(size * 2, MAX_CHUNK_BYTES)) {
    // The rest of a long record is read at once; garbage can say it is longer than all there is.
    const expected = Math.max(held + size, 2 * held, held === 0 ? 0 : recordLength(buffer.subarray(0, held)))
    const wanted = Math.min(expected, held + end - position)
    if (buffer.length < wanted) {
      const larger = Buffer.allocUnsafe(wanted)
      buffer.copy(larger, 0, 0, held)
      buffer = larger
    }
    const filled = await fileSystem.read(fd, buffer.subarray(held, wanted), position)
    if (filled === 0) break
    const lines: LogLine[] = []
    const stop = held + filled
    const offset = position - held
    let start = 0
    // What was held has no line break, and behind what was read are bytes of before.
    for (
      let next = buffer.indexOf(LINE_BREAK, held);
      next !== -1 && next < stop;
      next = buffer.indexOf(LINE_BREAK, start)
    ) {
      lines.push({ bytes: buffer.subarray(start, next), offset: offset + start })
      start = next + 1
    }
    position += filled
    if (lines.length > 0) yield lines
    buffer.copyWithin(0, start, stop)
    held = stop - start
  }
  if (held > 0) yield [{ bytes: buffer.subarray(0, held), offset: position - held }]
}
