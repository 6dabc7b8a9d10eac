import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { resumeCommand, shellQuoted } from '../../../../src/cli/format/shell.ts'

describe('shellQuoted', () => {
  it.each([
    'plain',
    '',
    'two words',
    "it's",
    '$(rm x)',
    '`x`',
    'a"b',
    'a\\b',
    '*',
    '~',
    'a\nb',
    "'",
    '\u001b[2J',
    'a\tb%s\\',
    "\u202eab'",
    'line\n',
    '\u200bé',
  ])('gives a shell %j back', (argument) => {
    expect(execFileSync('sh', ['-c', `printf %s ${shellQuoted(argument)}`], { encoding: 'utf8' })).toBe(argument)
  })
})

describe('an argument that would act on a terminal', () => {
  it('is shown in signs that do not', () => {
    expect(shellQuoted('a\u001b[2J\u202e')).toBe(`"$(printf 'a\\033\\1332J\\342\\200\\256')"`)
  })
})

describe('resumeCommand', () => {
  const hint = { runId: 'r1', store: '.waystone', defaultStore: '.waystone', workflowFile: null, registryFile: null }

  it('leaves out what is the default', () => {
    expect(resumeCommand(hint)).toBe('waystone resume r1')
  })

  it('names store, workflow file and registry', () => {
    expect(resumeCommand({ ...hint, store: 'my runs', workflowFile: './w.mjs', registryFile: 'r.mjs' })).toBe(
      "waystone resume --store 'my runs' --workflow ./w.mjs --registry r.mjs r1",
    )
  })

  it('keeps an id that looks like an option an id', () => {
    expect(resumeCommand({ ...hint, runId: '-r' })).toBe('waystone resume -- -r')
  })
})
