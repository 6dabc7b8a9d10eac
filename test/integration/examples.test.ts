import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { count } from '../helpers/count.ts'
import { fencesOf } from '../helpers/markdown.ts'
import { packageRoot } from '../helpers/source-module.ts'

const fences = fencesOf(readFileSync(join(packageRoot, 'docs/guides/examples.md'), 'utf8'))

/** What the page says an example prints. */
function printedBy(example: string): string {
  const fence = fences.find(({ mark }) => mark === `printed by examples/${example}`)
  if (fence === undefined) throw new Error(`docs/guides/examples.md does not say what examples/${example} prints`)
  return fence.text
}

/** Runs an example, which imports the built package by its name, and gives what it prints. */
function run(example: string): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [`examples/${example}/main.mjs`], {
    cwd: packageRoot,
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  expect(status, stdout).toBe(0)
  return stdout.trimEnd()
}

/** Labels of the lines `label: value`, and the values. */
function table(text: string): ReadonlyMap<string, string> {
  return new Map(text.split('\n').map((line) => [line.slice(0, 46).trimEnd(), line.slice(46)] as const))
}

describe('the examples', () => {
  it('wait on disk for an answer, refuse one of another shape, let a deadline pass, and print what their page says', () => {
    const printed = run('approval')
    expect(printed).toBe(printedBy('approval'))
    count(
      'processes of an order that waits for an answer',
      printed.split('\n').filter((line) => line.startsWith('$ ')).length,
    )
  })

  it('parse each file once though the process is killed twice, and print what their page says but for counts', () => {
    const printed = table(run('sources'))
    expect([...printed.keys()]).toEqual([...table(printedBy('sources')).keys()])
    const files = Number(printed.get('source files:'))
    const [first, second] = [1, 2].map((process) =>
      Number(printed.get(`process ${process}: killed, files done so far:`)),
    )
    expect(first).toBeGreaterThanOrEqual(files / 3)
    expect(second).toBeGreaterThanOrEqual((2 * files) / 3)
    expect(second).toBeLessThan(files)
    expect(Number(printed.get('process 3: files parsed:'))).toBe(files - second!)
    expect(printed.get('files done before a kill and parsed again:')).toBe('0')
    count('files of a package parsed over two kills', files)
  })
})
