import { describe, expect, it } from 'vitest'
import { isWaystoneError } from '../../src/base/errors.ts'
import { deserialize } from '../../src/snapshot/deserialize.ts'
import { serialize } from '../../src/snapshot/serialize.ts'
import { takeSnapshot } from '../../src/snapshot/snapshot.ts'
import { count } from '../helpers/count.ts'
import { AT, sampleState } from '../unit/snapshot/sample.ts'

const snapshot = takeSnapshot(sampleState(), AT)
const compact = serialize(snapshot, { pretty: false })
const samples = {
  pretty: new TextEncoder().encode(serialize(snapshot)),
  compact: new TextEncoder().encode(compact),
  gzip: serialize(snapshot, { compress: 'gzip' }),
}

/** What became of damaged bytes: the same run, an error of ours, or what must never be. */
function outcomeOf(bytes: Uint8Array): 'equal' | 'refused' | string {
  try {
    return deserialize(bytes).compactText() === compact ? 'equal' : 'another run'
  } catch (error) {
    if (isWaystoneError(error) && error.code !== 'INTERNAL_UNREACHABLE') return 'refused'
    return `an error that is not ours: ${error}`
  }
}

describe.each(Object.entries(samples))('a %s document, at each of its bytes', (kind, bytes) => {
  // The pretty text is the compact one with white space: two bits there, one of which makes other white space of some.
  const bits = kind === 'pretty' ? [0, 5] : [0, 1, 2, 3, 4, 5, 6, 7]

  it('with one bit turned over is equal or refused', () => {
    const wrong: string[] = []
    const changed = bytes.slice()
    for (let at = 0; at < bytes.length; at += 1) {
      for (const bit of bits) {
        changed[at] = bytes[at]! ^ (1 << bit)
        const outcome = outcomeOf(changed)
        if (outcome !== 'equal' && outcome !== 'refused') wrong.push(`byte ${at}, bit ${bit}: ${outcome}`)
      }
      changed[at] = bytes[at]!
    }
    expect(wrong).toEqual([])
    count('bits turned over', bytes.length * bits.length)
  })

  it('with that byte left out or standing twice is equal or refused', () => {
    const wrong: string[] = []
    for (let at = 0; at < bytes.length; at += 1) {
      for (const after of [at, at + 1]) {
        const outcome = outcomeOf(spliced(bytes, after === at ? at + 1 : at, after))
        if (outcome !== 'equal' && outcome !== 'refused') wrong.push(`byte ${at}: ${outcome}`)
      }
    }
    expect(wrong).toEqual([])
  })
})

/** The bytes up to `end`, then those from `begin` on. */
function spliced(bytes: Uint8Array, begin: number, end: number): Uint8Array {
  const made = new Uint8Array(end + bytes.length - begin)
  made.set(bytes.subarray(0, end))
  made.set(bytes.subarray(begin), end)
  return made
}
