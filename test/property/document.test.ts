import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isWaystoneError } from '../../src/base/errors.ts'
import { deserialize } from '../../src/snapshot/deserialize.ts'
import { serialize } from '../../src/snapshot/serialize.ts'
import { type Snapshot, takeSnapshot } from '../../src/snapshot/snapshot.ts'
import { runs } from '../helpers/property.ts'
import { sealed } from '../helpers/seal.ts'
import { AT, sampleState } from '../unit/snapshot/sample.ts'

const compact = serialize(takeSnapshot(sampleState(), AT), { pretty: false })
const samples = {
  pretty: new TextEncoder().encode(serialize(takeSnapshot(sampleState(), AT))),
  compact: new TextEncoder().encode(compact),
  gzip: serialize(takeSnapshot(sampleState(), AT), { compress: 'gzip' }),
}

/** What the prototypes every object shares look like; nothing read may change it. */
const shared = [Object.prototype, Array.prototype, Function.prototype, Map.prototype]
const look = () =>
  JSON.stringify(
    shared.map((prototype) =>
      Object.entries(Object.getOwnPropertyDescriptors(prototype)).map(([key, { writable, enumerable }]) => [
        key,
        writable,
        enumerable,
      ]),
    ),
  ) + Object.getOwnPropertySymbols(Object.prototype).length
const before = look()

/** The snapshot some input gives, or null when it is refused with an error of ours; anything else fails the test. */
function read(input: string | Uint8Array): Snapshot | null {
  try {
    return deserialize(input)
  } catch (error) {
    if (!isWaystoneError(error) || error.code === 'INTERNAL_UNREACHABLE')
      throw new Error('an error that is not ours', { cause: error })
    return null
  }
}

function isEqualOrRefused(bytes: Uint8Array): 'equal' | 'refused' | 'other' {
  const snapshot = read(bytes)
  if (snapshot === null) return 'refused'
  return snapshot.compactText() === compact ? 'equal' : 'other'
}

describe.each(Object.entries(samples))('a %s document', (kind, bytes) => {
  it('with one byte changed is equal or refused', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = bytes.slice()
        changed[at]! ^= flip
        return isEqualOrRefused(changed) !== 'other'
      }),
      runs(`one byte changed, ${kind}`, 3000),
    )
  })

  it('with any one byte left out is equal or refused', () => {
    // A whole sweep where it is cheap; each place is its own case.
    const step = kind === 'pretty' ? 3 : 1
    for (let at = 0; at < bytes.length; at += step) {
      const changed = new Uint8Array([...bytes.subarray(0, at), ...bytes.subarray(at + 1)])
      expect(isEqualOrRefused(changed), `without byte ${at}`).not.toBe('other')
    }
  })

  it('that was cut off is refused', () => {
    for (let length = 0; length < bytes.length; length += 1)
      expect(read(bytes.subarray(0, length)), `${length} bytes`).toBe(null)
  })
})

/** Pieces that readers of documents are attacked with. */
const hostile: readonly unknown[] = [
  { '#type': 'slot', id: '10' },
  { '#type': 'ref', path: '/__proto__' },
  { '#type': 'ref', path: '' },
  { '#type': 'class', name: 'constructor', value: {}, v: 1 },
  { '#type': 'Object', entries: [['__proto__', { polluted: true }]] },
  { '#type': 'Object', entries: [[['__proto__'], { polluted: true }]] },
  { '#type': 'Array', entries: [['__proto__', 1]], length: 1 },
  { '#type': 'Array', entries: [], length: 4_294_967_295 },
  { '#type': 'Error', class: 'constructor', message: 'x', props: { __proto__: null } },
  { '#type': 'RegExp', flags: 'g', source: '(a+)+$' },
  { '#type': 'RegExp', flags: 'gg', source: '(' },
  { '#type': 'Uint8Array', base64: 1e9 },
  { '#type': 'bigint', value: '0x10' },
  { '#type': 'number', value: 'Infinity' },
  { '#type': '__proto__' },
  { '#type': {} },
  { '##type': 'Date' },
  { then: 'x', constructor: { prototype: {} }, toString: null, length: -1 },
  1e308,
  -1,
  0.5,
  '',
  '__proto__',
  null,
  true,
  [],
  {},
  [[[[]]]],
]

type Place = { readonly owner: Record<string, unknown>; readonly key: string }

function places(tree: unknown, found: Place[] = []): Place[] {
  if (typeof tree !== 'object' || tree === null) return found
  for (const key of Object.keys(tree)) {
    found.push({ owner: tree as Record<string, unknown>, key })
    places((tree as Record<string, unknown>)[key], found)
  }
  return found
}

/** Documents to begin with: one with a bit of everything, and one of runs inside runs. */
const beginnings = {
  everything: compact,
  nested: serialize(deserialize(readFileSync(new URL('../../fixtures/snapshots/1.1.0/nested.json', import.meta.url))), {
    pretty: false,
  }),
}

describe.each(Object.entries(beginnings))('a document that was put together to do harm, of %s', (kind, beginning) => {
  it('gives a state that can be written again, or an error of ours, and changes nothing outside', () => {
    const counts = { cases: 0, read: 0, refused: 0 }
    const change = fc.record({
      at: fc.nat(100_000),
      from: fc.nat(100_000),
      kind: fc.constantFrom('replace', 'delete', 'copy', 'rename', 'hostile', 'text'),
      piece: fc.nat(hostile.length - 1),
      value: fc.jsonValue(),
      name: fc.constantFrom('a', '__proto', 'constructor', '#type', '##type', '10', '', 'toString', 'slot'),
    })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), fc.boolean(), (changes, isSealed) => {
        const tree = JSON.parse(beginning) as Record<string, unknown>
        let edit = (text: string) => text
        for (const { at, from, kind, piece, value, name } of changes) {
          const all = places(tree)
          if (all.length === 0) break
          const { owner, key } = all[at % all.length]!
          const other = all[from % all.length]!
          if (kind === 'delete') delete owner[key]
          else if (kind === 'replace') owner[key] = value
          else if (kind === 'copy') owner[key] = structuredClone(other.owner[other.key])
          else if (kind === 'hostile') owner[key] = structuredClone(hostile[piece])
          else if (kind === 'rename') {
            owner[name] = owner[key]
            delete owner[key]
          } else {
            const inner = edit
            edit = (text) => inner(text).slice(0, at % text.length) + inner(text).slice((at % text.length) + (from % 3))
          }
        }
        const snapshot = read(edit(isSealed ? sealed(tree) : JSON.stringify(tree)))
        counts.cases += 1
        if (snapshot === null) counts.refused += 1
        else {
          counts.read += 1
          for (const look of [
            () => snapshot.results,
            () => snapshot.variables,
            () => snapshot.accumulators,
            () => snapshot.cache,
            () => snapshot.context,
            () => snapshot.input,
            () => snapshot.nodes,
            () => snapshot.parts,
            () => snapshot.signals,
            () => snapshot.timers,
          ])
            look()
          const { state, takenAt } = snapshot.copyOfState()
          // The limit of the run may be what was changed.
          const write = (some: Snapshot) => serialize(some, { maxBytes: Number.MAX_SAFE_INTEGER })
          const again = write(takeSnapshot(state, takenAt))
          expect(write(deserialize(again))).toBe(again)
          expect(write(deserialize(write(snapshot)))).toBe(write(snapshot))
        }
        if (counts.cases % 500 === 0) expect(look()).toBe(before)
        expect(({} as { polluted?: unknown }).polluted).toBe(undefined)
      }),
      runs(kind === 'nested' ? 'mutated nested documents' : 'mutated documents', 50_000),
    )
    console.log(
      `mutated documents: ${counts.cases} tried, ${counts.read} read, ${counts.refused} refused with a typed error`,
    )
    expect(look()).toBe(before)
  })
})

describe('a compressed document of 1 GiB', () => {
  it.each(['honest', 'forged'])('with an %s length is refused within 64 MiB of memory', (length) => {
    const script = fileURLToPath(new URL('../helpers/gzip-bomb.ts', import.meta.url))
    const { stdout, stderr, status } = spawnSync(process.execPath, ['--import', 'tsx', script, length], {
      encoding: 'utf8',
    })
    expect(status, stderr).toBe(0)
    const { code, grownBytes, compressedBytes } = JSON.parse(stdout) as {
      code: string
      grownBytes: number
      compressedBytes: number
    }
    expect(code).toBe(length === 'honest' ? 'SNAPSHOT_LIMIT' : 'SNAPSHOT_BAD_GZIP')
    expect(compressedBytes).toBeLessThan(2 * 1024 * 1024)
    expect(grownBytes).toBeLessThan(64 * 1024 * 1024)
  })
})
