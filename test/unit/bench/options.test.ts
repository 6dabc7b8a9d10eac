import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readOptions, USAGE } from '../../../bench/suite/options.mjs'
import { packageRoot } from '../../helpers/source-module.ts'

const none = { quick: false, peers: false, list: false, help: false }

describe('the options of the benchmarks', () => {
  it.each([
    [[], none],
    [['--quick', '--peers'], { ...none, quick: true, peers: true }],
    [['--only', 'start'], { ...none, only: 'start' }],
    [['--list'], { ...none, list: true }],
    [['--help'], { ...none, help: true }],
    [['-h'], { ...none, help: true }],
  ])('%j are read', (args, options) => {
    expect(readOptions(args)).toEqual({ options, problem: null })
  })

  it.each([[['--quik']], [['--only']], [['--quick=1']], [['start']]])('%j are refused with what is wrong', (args) => {
    const { options, problem } = readOptions(args)
    expect(options).toEqual(none)
    expect(problem).toContain(args[0]!.split('=')[0])
  })

  it('have a line each in the usage', () => {
    for (const name of ['only', ...Object.keys(none)]) expect(USAGE).toContain(`--${name} `.trimEnd())
  })
})

describe('the program of the benchmarks', () => {
  const bench = (...args: string[]) =>
    spawnSync(process.execPath, [join(packageRoot, 'bench/main.mjs'), ...args], { encoding: 'utf8' })

  it('prints its usage when asked', () => {
    expect(bench('--help')).toMatchObject({ status: 0, stdout: `${USAGE}\n`, stderr: '' })
  })

  it('says what is wrong with an option, and its usage, not where it found out', () => {
    const { status, stdout, stderr } = bench('--quik')
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/--quik/)
    expect(stderr.endsWith(`\n\n${USAGE}\n`)).toBe(true)
    expect(stderr).not.toContain('    at ')
  })
})
