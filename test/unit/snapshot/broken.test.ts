import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { isWaystoneError } from '../../../src/base/errors.ts'
import { deserialize } from '../../../src/snapshot/deserialize.ts'

const folder = new URL('../../../fixtures/broken/', import.meta.url)
const files = readdirSync(folder).filter((name) => name.includes('--'))

describe('a broken document', () => {
  it('has many kinds', () => {
    expect(files.length).toBeGreaterThanOrEqual(40)
  })

  it.each(files)('%s gives its code', (name) => {
    const bytes = new Uint8Array(readFileSync(new URL(name, folder)))
    const before = Object.getOwnPropertyNames(Object.prototype)
    let thrown: unknown
    try {
      deserialize(bytes)
    } catch (error) {
      thrown = error
    }
    expect(isWaystoneError(thrown) ? thrown.code : String(thrown)).toBe(name.split('--')[0])
    expect((thrown as Error).message.length).toBeLessThan(4000)
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before)
  })
})
