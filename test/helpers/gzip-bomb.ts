import { createGzip } from 'node:zlib'
import { isWaystoneError } from '../../src/base/errors.ts'
import { deserialize } from '../../src/snapshot/deserialize.ts'

/** Run as a process: reads 1 GiB of zeros as a compressed document, and says how it ended and what memory it took. */
const bomb = await zeros(1024)
if (process.argv[2] === 'forged') bomb.writeUInt32LE(1_000_000, bomb.length - 4)

const before = process.memoryUsage().rss
const peakBefore = process.resourceUsage().maxRSS * 1024
let code = 'none'
try {
  deserialize(bomb)
} catch (error) {
  code = isWaystoneError(error) ? error.code : String(error)
}
const peak = process.resourceUsage().maxRSS * 1024
const grownBytes = peak > peakBefore ? peak - before : process.memoryUsage().rss - before
console.log(JSON.stringify({ code, grownBytes, compressedBytes: bomb.length }))

async function zeros(mebibytes: number): Promise<Buffer> {
  const stream = createGzip({ level: 9 })
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  const block = Buffer.alloc(1024 * 1024)
  for (let index = 0; index < mebibytes; index += 1) {
    if (!stream.write(block)) await new Promise((resolve) => stream.once('drain', resolve))
  }
  stream.end()
  await new Promise((resolve) => stream.once('end', resolve))
  return Buffer.concat(chunks)
}
