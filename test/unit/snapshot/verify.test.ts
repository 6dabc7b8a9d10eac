import { afterEach, describe, expect, it, vi } from 'vitest'
import { createCodec } from '../../../src/base/values/codec.ts'
import * as gzipModule from '../../../src/snapshot/gzip.ts'
import * as prettyModule from '../../../src/snapshot/pretty.ts'
import { serialize } from '../../../src/snapshot/serialize.ts'
import { takeSnapshot } from '../../../src/snapshot/snapshot.ts'
import { AT, sampleState } from './sample.ts'

vi.mock('../../../src/snapshot/gzip.ts', { spy: true })
vi.mock('../../../src/snapshot/pretty.ts', { spy: true })

const snapshot = () => takeSnapshot(sampleState(), AT)
const refused = expect.objectContaining({ code: 'SNAPSHOT_VERIFY_FAILED' })

describe('serialize with verify', () => {
  afterEach(() => vi.resetAllMocks())

  it('refuses what a broken writer wrote: cut off, changed, of another run', () => {
    const other = sampleState()
    other.counters['rows'] = 4
    const otherText = serialize(takeSnapshot(other, AT), { pretty: false })
    for (const broken of [
      (text: string) => text.slice(0, -1),
      (text: string) => text.replace('"ada"', '"Ada"'),
      () => '',
      () => otherText,
    ]) {
      vi.mocked(prettyModule.prettyText).mockImplementation(broken)
      expect(() => serialize(snapshot(), { verify: true })).toThrow(refused)
      expect(() => serialize(snapshot())).not.toThrow()
    }
  })

  it('refuses bytes that a broken compressor wrote', () => {
    for (const broken of [
      (bytes: Uint8Array) => bytes.subarray(0, 30),
      (bytes: Uint8Array) => bytes.map((byte, at) => (at === bytes.length - 6 ? byte ^ 1 : byte)),
    ]) {
      const good = serialize(snapshot(), { compress: 'gzip' })
      vi.mocked(gzipModule.gzip).mockImplementation(() => broken(good))
      expect(() => serialize(snapshot(), { compress: 'gzip', verify: true })).toThrow(refused)
      vi.mocked(gzipModule.gzip).mockReset()
    }
  })

  it('lets pass what reads back equal, with classes of the run and whatever its size', () => {
    class Money {
      readonly cents: number
      constructor(cents: number) {
        this.cents = cents
      }
    }
    const codec = createCodec({
      classes: [
        {
          name: 'Money',
          version: 1,
          class: Money,
          encode: (value) => (value as Money).cents,
          decode: (cents) => new Money(cents as number),
        },
      ],
    })
    const state = sampleState()
    state.nodes[0]!.output = codec.encode(new Money(5))
    // Longer than a reader takes without being told to.
    state.counters['n'.repeat(70_000)] = 1
    const text = serialize(takeSnapshot(state, AT, { codec }), { verify: true })
    expect(text).toContain('"name": "Money"')
  })
})
