import { describe, expect, it } from 'vitest'
import { type FileSystem, nodeFileSystem } from '../../../../src/store/file/file-system.ts'
import { logLines } from '../../../../src/store/file/log-lines.ts'
import { encodeClaim } from '../../../../src/store/file/record.ts'

/** A file system with one file of these bytes, and how much was asked of it at a time. */
function fileOf(bytes: Buffer): { readonly fs: FileSystem; readonly reads: number[] } {
  const reads: number[] = []
  const fs: FileSystem = {
    ...nodeFileSystem,
    info: () => ({ sizeBytes: bytes.length, modifiedAt: 0, inode: 1, links: 1 }),
    read: async (_fd, buffer, position) => {
      reads.push(buffer.length)
      return bytes.copy(buffer, 0, position, position + buffer.length)
    },
  }
  return { fs, reads }
}

async function linesOf(fs: FileSystem, from: number, chunkBytes?: number): Promise<[number, string][]> {
  const lines: [number, string][] = []
  for await (const group of logLines(fs, 3, from, chunkBytes)) {
    for (const { bytes, offset } of group) lines.push([offset, Buffer.from(bytes).toString('latin1')])
  }
  return lines
}

function expectedOf(bytes: Buffer, from: number): [number, string][] {
  const lines: [number, string][] = []
  let offset = from
  for (const text of bytes.toString('latin1', from).split('\n')) {
    lines.push([offset, text])
    offset += text.length + 1
  }
  return lines.at(-1)?.[1] === '' ? lines.slice(0, -1) : lines
}

describe('the lines of a log', () => {
  const record = Buffer.from(encodeClaim('x'.repeat(300), 1, 'id').bytes)
  const contents: [string, Buffer][] = [
    ['nothing', Buffer.alloc(0)],
    ['one line break', Buffer.from('\n')],
    ['lines of many lengths', Buffer.from(Array.from({ length: 60 }, (_, at) => 'y'.repeat(at % 13)).join('\n'))],
    ['records', Buffer.concat([record, record, record])],
    ['a record cut off', Buffer.concat([record, record.subarray(0, 200)])],
    ['a record whose end is another', Buffer.concat([record.subarray(0, 200), record, Buffer.from('tail')])],
    ['a record that says it is longer than all', Buffer.from(`\n01234567 99999999999 01234567 events 1 1 {\nnext`)],
  ]

  it.each(contents)('are the same whatever is read at a time: %s', async (_what, bytes) => {
    const { fs } = fileOf(bytes)
    for (const from of [0, 1, 5, bytes.length]) {
      for (const chunkBytes of [1, 2, 7, 64, 80, 350, 5_000]) {
        expect(await linesOf(fs, from, chunkBytes)).toEqual(expectedOf(bytes, Math.min(from, bytes.length)))
      }
    }
  })

  it('are read in few steps when one is long: a record at once, garbage twice as much each time', async () => {
    const long = Buffer.from(encodeClaim('x'.repeat(1_000_000), 1, 'id').bytes)
    const ofRecord = fileOf(Buffer.concat([record, long, record]))
    await linesOf(ofRecord.fs, 0, 100)
    expect(ofRecord.reads.length).toBeLessThan(8)
    const ofGarbage = fileOf(Buffer.alloc(1_000_000, 'x'))
    await linesOf(ofGarbage.fs, 0, 100)
    expect(ofGarbage.reads.length).toBeLessThan(20)
  })
})
