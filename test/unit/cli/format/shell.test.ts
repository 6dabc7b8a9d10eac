import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { resumeCommand, shellQuoted } from '../../../../src/cli/format/shell.ts'

describe('shellQuoted', () => {
  it.each(['plain', '', 'two words', "it's", '$(rm x)', '`x`', 'a"b', 'a\\b', '*', '~', 'a\nb', "'"])(
    'gives a shell %j back',
    (argument) => {
      expect(execFileSync('sh', ['-c', `printf %s ${shellQuoted(argument)}`], { encoding: 'utf8' })).toBe(argument)
    },
  )
})

describe('resumeCommand', () => {
  const hint = { runId: 'r1', store: '.waystone', defaultStore: '.waystone', workflowFile: null }

  it('leaves out what is the default', () => {
    expect(resumeCommand(hint)).toBe('waystone resume r1')
  })

  it('names store and workflow file', () => {
    expect(resumeCommand({ ...hint, store: 'my runs', workflowFile: './w.mjs' })).toBe(
      "waystone resume --store 'my runs' --workflow ./w.mjs r1",
    )
  })

  it('keeps an id that looks like an option an id', () => {
    expect(resumeCommand({ ...hint, runId: '-r' })).toBe('waystone resume -- -r')
  })
})
