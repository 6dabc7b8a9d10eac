import { chmodSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commandLine } from '../helpers/command-line.ts'
import { fencesOf } from '../helpers/markdown.ts'
import { packageRoot } from '../helpers/source-module.ts'

const { path, write, shell } = commandLine()
const fences = fencesOf(readFileSync(join(packageRoot, 'docs/cli.md'), 'utf8'))

/** What differs from one time to the next: moments, durations, sizes. */
function settled(text: string): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/\b\d+ ms {0,9}/g, 'DURATION')
    .replaceAll(/ +(?=DURATION)| took +remark/g, ' ')
    .replaceAll(/\b(?:\d+(?:ms|[dhms])){1,2}\b */g, 'TOOK ')
    .replaceAll(/\b\d+ bytes/g, 'SIZE')
}

describe('the sessions of docs/cli.md', () => {
  it('print what they say, one after the other', () => {
    mkdirSync(path('node_modules'))
    symlinkSync(packageRoot, path('node_modules/waystone'))
    mkdirSync(path('bin'))
    write('bin/waystone', '#!/bin/sh\nexec $W "$@"\n')
    chmodSync(path('bin/waystone'), 0o755)
    for (const { mark, text } of fences) {
      const file = /^file (\S+)$/.exec(mark ?? '')?.[1]
      if (file !== undefined) write(file, `${text}\n`)
    }
    const sessions = fences.filter(({ mark }) => mark === 'session')
    expect(sessions.length).toBeGreaterThan(2)
    for (const { text, line } of sessions) {
      const commands = text.split(/^(?=\$ )/m).map((part) => {
        const end = part.indexOf('\n')
        return { command: part.slice(2, end), prints: `${part.slice(end + 1).trimEnd()}\n` }
      })
      for (const { command, prints } of commands) {
        const { out } = shell(`PATH="$PWD/bin:$PATH"; { ${command}; } 2>&1`)
        expect(settled(out), `docs/cli.md:${line}: ${command}`).toBe(settled(prints))
      }
    }
  })
})
