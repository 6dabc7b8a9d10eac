import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isWaystoneError } from '../../src/base/errors.ts'
import { DEFAULT_SNAPSHOT_LIMITS } from '../../src/snapshot/limits.ts'
import { type ScannedText, scanDocument } from '../../src/snapshot/scan.ts'
import { runs } from '../helpers/property.ts'

/** Members of a text that JSON.parse accepts, each time one is written. */
function writtenMembers(text: string): number {
  return (text.replace(/"(?:[^"\\]|\\.)*"/g, '').match(/:/g) ?? []).length
}

/** Members that are left once JSON.parse has read the text. */
function readMembers(tree: unknown): number {
  if (typeof tree !== 'object' || tree === null) return 0
  const own = Array.isArray(tree) ? 0 : Object.keys(tree).length
  return Object.values(tree).reduce<number>((sum, member) => sum + readMembers(member), own)
}

function hasKey(tree: unknown, key: string): boolean {
  if (typeof tree !== 'object' || tree === null) return false
  return Object.hasOwn(tree, key) || Object.values(tree).some((member) => hasKey(member, key))
}

function parsed(text: string): { readonly tree: unknown } | null {
  try {
    return { tree: JSON.parse(text) }
  } catch {
    return null
  }
}

function scanned(text: string): ScannedText | string {
  try {
    return scanDocument(text, DEFAULT_SNAPSHOT_LIMITS)
  } catch (error) {
    if (isWaystoneError(error)) return error.code
    throw error
  }
}

const kinds = {
  read: 0,
  SNAPSHOT_SYNTAX: 0,
  SNAPSHOT_DUPLICATE_KEY: 0,
  SNAPSHOT_NON_FINITE: 0,
  SNAPSHOT_FORBIDDEN_KEY: 0,
}

/** Holds the scanner against JSON.parse: it lets pass what that reads, but for what no document has. */
function agrees(text: string): void {
  const scan = scanned(text)
  const json = parsed(text)
  if (typeof scan !== 'string') {
    kinds.read += 1
    expect(json, 'JSON.parse refuses what the scanner let pass').not.toBe(null)
    const tree = json!.tree
    expect(writtenMembers(text), 'a key stands twice').toBe(readMembers(tree))
    expect(hasKey(tree, '__proto__')).toBe(false)
    expect(JSON.parse(scan.compact)).toEqual(tree)
    expect(scan.compact.replace(/"(?:[^"\\]|\\.)*"/g, '')).not.toMatch(/\s/)
    JSON.parse(scan.envelope)
    return
  }
  kinds[scan as keyof typeof kinds] += 1
  if (scan === 'SNAPSHOT_SYNTAX') expect(json, 'the scanner refuses what JSON.parse reads').toBe(null)
  // The others end the scan before the rest of the text is known.
  else if (json === null) return
  else if (scan === 'SNAPSHOT_DUPLICATE_KEY') expect(writtenMembers(text)).toBeGreaterThan(readMembers(json.tree))
  else if (scan === 'SNAPSHOT_FORBIDDEN_KEY') expect(text).toMatch(/_|\\/)
  else expect(text).toMatch(/[eE]|-0|\d{300}/)
}

const pieces = [
  ...'{}[],:"0123456789eE+-.\\/ \n\t\r\ufeff\u00a0\v',
  'true',
  'false',
  'null',
  'tru',
  'NaN',
  '"a"',
  '"a":1',
  '"\\u0061"',
  '"\\u00"',
  '"\\x"',
  '"results":{',
  '"results":{"a":',
  '"#type"',
  '"#type":"Object","entries":[["a",1]]',
  '"__proto__"',
  '"__pro\\u0074o__":',
  '1e999',
  '-0',
  '0.5',
  '01',
  '1.',
  '-',
  '\u{1f9ed}',
  '\u0001',
  ' 1 2 ',
]
const piece = fc.constantFrom(...pieces)
const small = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('1', '-1.5e3', '"x"', '""', 'true', 'null', '[]', '{}', '"a\\n\\"b"'),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
    fc
      .array(
        fc.tuple(fc.constantFrom('"a"', '"b"', '"\\u0061"', '"results"', '"context"', '"run"', '"10"'), tie('value')),
        {
          maxLength: 3,
        },
      )
      .map((members) => `{${members.map(([key, value]) => `${key}:${value}`).join(',')}}`),
  ),
})).value

const edited = fc
  .tuple(
    fc.oneof(fc.json(), small, small),
    fc.array(fc.tuple(fc.nat(10_000), fc.nat(2), fc.oneof(piece, fc.constant(''))), { maxLength: 3 }),
  )
  .map(([text, edits]) =>
    edits.reduce((sum, [at, removed, added]) => {
      const place = at % (sum.length + 1)
      return sum.slice(0, place) + added + sum.slice(place + removed)
    }, text),
  )
  .filter((text) => text.isWellFormed())

describe('the scanner', () => {
  it('lets pass what JSON.parse reads, and nothing else, but for what no document has', () => {
    fc.assert(fc.property(edited, agrees), runs('texts scanned and parsed, edited', 60_000))
    const soup = fc.array(piece, { maxLength: 12 }).map((list) => list.join(''))
    fc.assert(fc.property(soup, agrees), runs('texts scanned and parsed, put together', 40_000))
    for (const [kind, number] of Object.entries(kinds)) expect(number, kind).toBeGreaterThan(0)
  })

  it('finds a key that stands twice among any number of keys, in any spelling', () => {
    const spelled = (key: string, isEscaped: boolean) =>
      isEscaped
        ? `"${[...key].map((character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"`
        : JSON.stringify(key)
    const keys = fc.uniqueArray(fc.string({ unit: 'binary-ascii', maxLength: 6 }), { minLength: 1, maxLength: 90 })
    fc.assert(
      fc.property(keys, fc.nat(), fc.nat(), fc.boolean(), fc.boolean(), (names, from, to, isEscaped, isNested) => {
        const members = names.map((name) => `${spelled(name, false)}:${isNested ? '{"a":{"b":1},"c":[{"a":1}]}' : '1'}`)
        expect(typeof scanned(`{${members.join(',')}}`)).toBe('object')
        const twice = `${spelled(names[from % names.length]!, isEscaped)}:2`
        const first = from % names.length
        // After the first of the two.
        members.splice(first + 1 + (to % (members.length - first)), 0, twice)
        expect(scanned(`{${members.join(',')}}`)).toBe('SNAPSHOT_DUPLICATE_KEY')
      }),
      runs('keys that stand twice', 3000),
    )
  })
})
