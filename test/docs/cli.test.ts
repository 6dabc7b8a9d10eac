import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createProgram } from '../../src/cli/args.ts'
import { exitCodes, exitCodeWords } from '../../src/cli/exit-codes.ts'
import { headingsOf } from '../helpers/markdown.ts'
import { packageRoot } from '../helpers/source-module.ts'

const page = readFileSync(join(packageRoot, 'docs/cli.md'), 'utf8')
const program = createProgram('0.0.0', () => undefined)
const commands = program.commands.filter((command) => command.name() !== 'help')

/** The cells of the rows of all tables of a text, heads left out. */
function rowsOf(text: string): readonly (readonly string[])[] {
  const lines = text.split('\n').map((line) => line.trim())
  return lines
    .filter(
      (line, index) => line.startsWith('|') && !/^\|[ -]+\|/.test(lines[index + 1] ?? '') && !/^\|[ |-]+$/.test(line),
    )
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim().replaceAll('`', '')),
    )
}

/** Options as the help names them, with what it says. */
function optionsOf(command: (typeof commands)[number]): readonly (readonly string[])[] {
  const help = command.createHelp()
  return help
    .visibleOptions(command)
    .filter(({ long }) => command === program || long !== '--help')
    .map((option) => [option.flags, help.optionDescription(option)])
}

const sections = headingsOf(page, 3).map(({ title, body }) => ({ title: title.replaceAll('`', ''), body }))
const headings = headingsOf(page, 2)
const sectionOf = (title: string) => headings.find((heading) => heading.title === title)?.body ?? ''

describe('docs/cli.md', () => {
  it('has a section for each command, with its argument, in the order of the help', () => {
    const usages = commands.map((command) =>
      [
        command.name(),
        ...command.registeredArguments.map((argument) => {
          const name = `${argument.name()}${argument.variadic ? '...' : ''}`
          return argument.required ? `<${name}>` : `[${name}]`
        }),
      ].join(' '),
    )
    expect(sections.map(({ title }) => title)).toEqual(usages)
  })

  it('lists the commands at the top, in the same order', () => {
    const listed = [...page.split('##')[0]!.matchAll(/^waystone (\w+)/gm)].map(([, name]) => name)
    expect(listed).toEqual(commands.map((command) => command.name()))
  })

  it.each(commands.map((command) => [command.name(), command] as const))(
    'says of %s the options the program has, in the words of its help',
    (name, command) => {
      const section = sections.find(({ title }) => title.split(' ')[0] === name)
      expect(rowsOf(section?.body ?? '')).toEqual(optionsOf(command))
    },
  )

  it('says which options every command has', () => {
    const general = sectionOf('Commands').split('###')[0]!
    expect(rowsOf(general)).toEqual(optionsOf(program))
  })

  it('says of each exit code its name', () => {
    expect(rowsOf(sectionOf('Exit codes')).map(([code, name]) => [Number(code), name])).toEqual(
      Object.entries(exitCodes).map(([name, code]) => [code, exitCodeWords[name as keyof typeof exitCodes]]),
    )
  })

  it('says of each command that does not go on with a run the members of its document', () => {
    const going = ['run', 'resume', 'retry']
    const names = commands.map((command) => command.name()).filter((name) => !going.includes(name))
    expect(rowsOf(sectionOf('Output')).map(([name]) => name)).toEqual(names)
  })
})
