import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { errorCodes } from '../../src/base/error-codes.ts'
import { createCodec } from '../../src/base/values/codec.ts'
import { deserialize } from '../../src/snapshot/deserialize.ts'
import { DEFAULT_SNAPSHOT_LIMITS } from '../../src/snapshot/limits.ts'
import { serialize } from '../../src/snapshot/serialize.ts'
import { SNAPSHOT_FORMAT, SNAPSHOT_VERSION } from '../../src/snapshot/version.ts'
import { fencesOf, headingsOf } from '../helpers/markdown.ts'
import { packageRoot } from '../helpers/source-module.ts'
import { valueKinds } from '../helpers/value-kinds.ts'

const page = readFileSync(join(packageRoot, 'docs/format.md'), 'utf8')
const schema = JSON.parse(readFileSync(join(packageRoot, 'schemas/snapshot-1.1.0.schema.json'), 'utf8')) as Schema
const section = (title: string) => headingsOf(page, 2).find((heading) => heading.title === title)!.body

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly enum?: readonly unknown[]
}

/** Whether something stands in the page as code. */
const isNamed = (text: string, within = page) => within.includes(`\`${text}\``)

/** Every schema within a schema. */
function parts(tree: unknown): readonly Schema[] {
  if (typeof tree !== 'object' || tree === null) return []
  return [tree as Schema, ...Object.values(tree).flatMap(parts)]
}

/** The codes a table has in a column, one for each row that has one. */
function column(text: string, index: number): readonly string[] {
  const rows = text.split('\n').filter((line) => line.startsWith('|'))
  return rows.flatMap((row) => /`([^`]+)`/.exec(row.split(/(?<!\\)\|/)[index + 1] ?? '')?.[1] ?? [])
}

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
      encode: (money) => ({ cents: (money as Money).cents }),
      decode: (data) => new Money((data as { cents: number }).cents),
    },
  ],
})

describe('the page of the format', () => {
  it('names the format, its version, and every member and word of the schema', () => {
    expect(isNamed(SNAPSHOT_FORMAT) && page.includes(`version ${SNAPSHOT_VERSION}`)).toBe(true)
    const members = new Set(parts(schema).flatMap(({ properties = {} }) => Object.keys(properties)))
    expect(members.size).toBeGreaterThan(60)
    // These stand within examples of the tag.
    expect([...members].filter((name) => !isNamed(name) && !page.includes(`"${name}":`))).toEqual([])
    const words = new Set(parts(schema).flatMap((part) => part.enum ?? []))
    expect([...words].filter((word) => !isNamed(String(word)))).toEqual([])
  })

  it('lists the members of a document in their order', () => {
    const listed = column(section('Members').split('### ')[0]!, 0)
    const { document } = deserialize(readFileSync(join(packageRoot, 'fixtures/snapshots/1.1.0/everything.json')))
    // A run that waits for something compensates for nothing.
    expect(listed.filter((name) => name !== 'history' && name !== 'compensations')).toEqual(Object.keys(document))
    expect([...listed].sort()).toEqual(Object.keys(schema.properties!).sort())
  })

  it('has a table of tags whose examples are what the codec writes', () => {
    const [table = ''] = section('Values').split('\n- ')
    const examples = column(table, 1)
    const known = examples.filter((text) => !text.includes('Float16Array') || 'Float16Array' in globalThis)
    for (const text of known) expect(codec.encode(codec.decode({ json: text })), text).toEqual({ json: text })
    const tagOf = (text: string) => [...text.matchAll(/"#type":"(\w+)"/g)].map((match) => match[1]!)
    const listed = new Set(examples.flatMap(tagOf))
    const made = new Set([...valueKinds.flatMap(({ text }) => tagOf(text)), 'class', 'Float16Array'])
    expect([...listed].sort()).toEqual([...made].sort())
  })

  it('has a table of limits with the defaults', () => {
    const body = section('Limits')
    const rows = body.split('\n').flatMap((line) => {
      const match = /^\| `(\w+)` +\| ([\d,]+)/.exec(line)
      return match === null ? [] : [[match[1], Number(match[2]!.replaceAll(',', ''))] as const]
    })
    expect(Object.fromEntries(rows)).toEqual(DEFAULT_SNAPSHOT_LIMITS)
  })

  it('has every code of a snapshot, and none that is none', () => {
    const listed = column(section('Errors'), 0)
    const codes = Object.keys(errorCodes)
    expect(listed.filter((code) => !codes.includes(code))).toEqual([])
    const unlisted = (code: string) => code.startsWith('SNAPSHOT_') && !listed.includes(code)
    expect(codes.filter(unlisted).sort()).toEqual([])
  })

  it('has a document that is read, and is written as it stands', () => {
    const example = fencesOf(page).find(({ mark }) => mark === 'document')!.text
    expect(serialize(deserialize(example))).toBe(example)
  })
})
