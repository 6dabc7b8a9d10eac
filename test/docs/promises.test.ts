import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageRoot } from '../helpers/source-module.ts'

const file = 'test/integration/promises.test.ts'
const read = (path: string) =>
  existsSync(join(packageRoot, path)) ? readFileSync(join(packageRoot, path), 'utf8') : ''

/** Titles of the numbered promises: `1. **Done is done.** …`. */
const promises = [...read('SECURITY.md').matchAll(/^\d+\. \*\*(.+?)\.\*\* /gm)].map(([, title]) => title)
/** Titles of the suites that run; one that is skipped holds nothing. */
const suites = [...read(file).matchAll(/^describe\(\s*(['"`])(.+?)\1,/gm)].map(([, , title]) => title)

describe('the promises of SECURITY.md', () => {
  it('are twelve, each named once', () => {
    expect(new Set(promises).size).toBe(12)
  })

  it(`are the suites of ${file}, in the same order`, () => {
    expect(suites).toEqual(promises)
  })
})
