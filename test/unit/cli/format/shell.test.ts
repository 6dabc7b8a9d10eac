import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { hintCommand, shellQuoted } from '../../../../src/cli/format/shell.ts'

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

describe('hintCommand', () => {
  const files = { runId: 'r1', store: '.waystone', workflowFile: null, registryFile: null }

  it('leaves out what is the default', () => {
    expect(hintCommand('resume', files)).toBe('waystone resume r1')
  })

  it('names store, workflow file and registry', () => {
    expect(hintCommand('resume', { ...files, store: 'my runs', workflowFile: './w.mjs', registryFile: 'r.mjs' })).toBe(
      "waystone resume --store 'my runs' --workflow ./w.mjs --registry r.mjs r1",
    )
  })

  it('keeps an id that looks like an option an id', () => {
    expect(hintCommand('resume', { ...files, runId: '-r' })).toBe('waystone resume -- -r')
  })

  it('ends with what comes after the run, also when that looks like an option', () => {
    expect(hintCommand('signal', files, 'all clear')).toBe("waystone signal r1 'all clear'")
    expect(hintCommand('signal', files, '--json')).toBe('waystone signal -- r1 --json')
  })
})
