import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { deserialize } from '../../src/snapshot/deserialize.ts'
import { restoreState } from '../../src/snapshot/restore.ts'
import { serialize } from '../../src/snapshot/serialize.ts'
import { takeSnapshot } from '../../src/snapshot/snapshot.ts'
import { SNAPSHOT_VERSION } from '../../src/snapshot/version.ts'
import { AT, sampleState } from '../unit/snapshot/sample.ts'

const folder = new URL('../../fixtures/snapshots/', import.meta.url)
const files = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name }) => readdirSync(new URL(`${name}/`, folder)).map((file) => `${name}/${file}`))
  .sort()

describe('a stored snapshot of a released version', () => {
  it('is never edited', () => {
    const digests = files.map((file) => {
      const bytes = readFileSync(new URL(file, folder))
      return `${createHash('sha256').update(bytes).digest('hex')}  ${file}`
    })
    expect(digests).toEqual(readFileSync(new URL('digests.txt', folder), 'utf8').trim().split('\n'))
  })

  it.each(files)('%s loads and gives a state', (file) => {
    const snapshot = deserialize(readFileSync(new URL(file, folder)))
    const state = restoreState(snapshot, { now: Date.parse(snapshot.snapshotTime), cache: 'wallClock' })
    expect(state.workflow.nodes.length).toBe(state.nodes.length)
  })

  it.each(files.filter((file) => file.startsWith(`${SNAPSHOT_VERSION}/`)))('%s is written as it was read', (file) => {
    const text = readFileSync(new URL(file, folder), 'utf8')
    const snapshot = deserialize(text)
    expect(serialize(snapshot)).toBe(text)
    const { state, takenAt } = snapshot.copyOfState()
    expect(serialize(takeSnapshot(state, takenAt))).toBe(text)
  })

  it('has the bytes that the same state gives today', () => {
    expect(serialize(takeSnapshot(sampleState(), AT))).toBe(
      readFileSync(new URL('1.0.0/everything.json', folder), 'utf8'),
    )
  })
})
