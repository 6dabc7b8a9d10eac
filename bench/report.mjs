// Renders docs/performance.md from a result, which is kept beside it as bench/results/published.json.
// Usage: node bench/report.mjs <result.json> [--anyway], or node bench/report.mjs --check to see whether the page is what its result
// makes of it. A result of a machine that was busy with other things is refused but for --anyway.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { markdown, sectionsOf } from './suite/tables.mjs'

const page = new URL('../docs/performance.md', import.meta.url)
const published = new URL('results/published.json', import.meta.url)
const BEGIN = '<!-- generated: begin -->'
const END = '<!-- generated: end -->'

const [given] = process.argv.slice(2)
if (given === undefined) {
  console.error('give the file of a result, e.g. one of bench/results, or --check')
  process.exit(2)
}
const isCheck = given === '--check'
// Until a first result is published, the page has no figures.
const text = isCheck && !existsSync(published) ? null : readFileSync(isCheck ? published : given, 'utf8')
const result = text === null ? null : JSON.parse(text)
if (result !== null && result.format !== 'waystone.bench') {
  console.error(`${given} is not a result of the benchmarks`)
  process.exit(2)
}
if (!isCheck && result.load.before > result.machine.cores && process.argv[3] !== '--anyway') {
  console.error(
    `the machine had a load of ${result.load.before} on ${result.machine.cores} cores before the benchmark began, so its times say little; measure again when it is quiet, or add --anyway`,
  )
  process.exit(2)
}

const before = readFileSync(page, 'utf8')
const begin = before.indexOf(BEGIN)
const end = before.indexOf(END)
if (begin < 0 || end < begin) {
  console.error(`docs/performance.md has lost its marks ${BEGIN} and ${END}`)
  process.exit(2)
}
const generated = result === null ? 'No result has been published yet.\n\n' : `${body()}\n\n`
const after = `${before.slice(0, begin + BEGIN.length)}\n\n${generated}${before.slice(end)}`
if (isCheck) {
  if (after !== before) {
    console.error(
      'docs/performance.md is not what bench/results/published.json makes of it; run node bench/report.mjs on it',
    )
    process.exit(1)
  }
} else {
  writeFileSync(page, after)
  writeFileSync(published, text)
}

function body() {
  const parts = [markdown([{ title: 'Where and how', note: about(), tables: [] }, ...sectionsOf(result)])]
  if (result.skipped.length > 0) {
    parts.push(['## Left out', ...result.skipped.map((line) => `- ${line}`)].join('\n').replace('\n', '\n\n'))
  }
  return parts.join('\n\n')
}

function about() {
  const { machine, load, versions, settings } = result
  const peers = Object.entries(versions.peers).map(([name, version]) => `${name} ${version}`)
  return [
    `- date: ${result.date.slice(0, 10)}, ${result.seconds} s in all`,
    `- command: \`${result.command}\``,
    `- machine: ${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}, ${machine.fileSystem}`,
    `- load: ${load.before} before and ${load.after} after, the benchmark included`,
    `- versions: Node ${versions.node}, V8 ${versions.v8}, waystone ${versions.waystone} (${versions.commit})`,
    `- peers: ${peers.length === 0 ? 'not in this run' : peers.join(', ')}`,
    ...(result.services === undefined ? [] : [`- beside them: ${result.services.join('; ')}`]),
    `- settings: ${settings.turns} processes for each subject of a case, in turns; ${settings.rounds} samples in each after ${settings.warmMs} ms of warm-up, ${settings.minimum} if they take more than ${settings.capMs} ms; ${settings.processes} processes where each sample is one`,
  ].join('\n')
}
