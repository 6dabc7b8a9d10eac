// How long it takes until anything can begin: the import, and the command line's help.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { summary } from '../suite/statistics.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const cli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** Prints how long an import took, and how much of it was processor time, which a busy machine changes less. */
const importOf = (specifier) => `
  const cpu = process.cpuUsage()
  const begin = performance.now()
  await import(${JSON.stringify(specifier)})
  const ms = performance.now() - begin
  const { user, system } = process.cpuUsage(cpu)
  process.stdout.write(JSON.stringify({ ms, cpuMs: (user + system) / 1000 }))`

const node = (...args) => ({ args })
const inline = (source) => node('--input-type=module', '--eval', source)

/** A subject whose every sample is a process; `inside` takes the times the process itself prints. */
const subject = (name, kind, { args }, inside = false) => ({
  name,
  kind,
  async measure(_, { processes }) {
    const [samples, processor] = [[], []]
    for (let at = -2; at < processes; at += 1) {
      const begin = performance.now()
      const child = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
      const wallMs = performance.now() - begin
      if (child.status !== 0) throw new Error(child.stderr)
      if (at < 0) continue
      const { ms, cpuMs } = inside ? JSON.parse(child.stdout) : { ms: wallMs, cpuMs: null }
      samples.push(ms)
      if (cpuMs !== null) processor.push(cpuMs)
    }
    const facts = processor.length === 0 ? {} : { cpuMs: summary(processor).median }
    return { metrics: { ms: samples }, facts, peakMiB: null }
  },
})

export const start = {
  name: 'start',
  title: 'Start-up',
  note: 'Each sample is a fresh process. An import is timed inside its process, what a command takes from outside it.',
  limitOf: ({ name }) => (name.endsWith('whole process') ? 'bare Node, whole process' : null),
  cases: [{ name: 'start-up', quick: true }],
  subjects: [
    subject('bare Node, whole process', 'limit', inline('')),
    subject('waystone --help, whole process', 'ours', node(cli, '--help')),
    subject(
      'waystone ls, whole process',
      'ours',
      node(cli, 'ls', '--store', 'node_modules/.cache/waystone-bench/none'),
    ),
    subject("import 'waystone'", 'ours', inline(importOf('waystone')), true),
    subject("import 'waystone/store/file'", 'ours', inline(importOf('waystone/store/file')), true),
  ],
  growth: [],
}
