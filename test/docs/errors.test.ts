import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { errorCodes } from '../../src/base/error-codes.ts'
import { headingsOf } from '../helpers/markdown.ts'
import { packageRoot } from '../helpers/source-module.ts'

const headings = headingsOf(readFileSync(join(packageRoot, 'docs/errors.md'), 'utf8'), 3)
const titles = headings.map(({ title }) => title.replaceAll('`', ''))

describe('docs/errors.md', () => {
  it('has a heading for each code', () => {
    expect(Object.keys(errorCodes).filter((code) => !titles.includes(code))).toEqual([])
  })

  it('has no heading for a code that is none, and none twice', () => {
    expect(
      titles.filter((title, index) => !Object.hasOwn(errorCodes, title) || titles.indexOf(title) !== index),
    ).toEqual([])
  })

  it('says of each code when it is raised, as the catalogue does', () => {
    const sentences = Object.entries(errorCodes).filter(([code, sentence]) => {
      const heading = headings[titles.indexOf(code)]
      return (
        heading !== undefined &&
        !heading.body.replaceAll('`', '').replaceAll(/\s+/g, ' ').includes(sentence.replaceAll('`', ''))
      )
    })
    expect(sentences).toEqual([])
  })

  it('says of each code what to do', () => {
    expect(headings.filter(({ body }) => !/^What to do: \S.{20,}/m.test(body)).map(({ title }) => title)).toEqual([])
  })
})
