// The benchmarks: every workload beside its limits, and beside its peers with --peers. Prints tables, writes bench/results/<date>.json.
// Usage: see bench/suite/options.mjs, or node bench/main.mjs --help
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { freeze, thaw } from './suite/frozen.mjs'
import { loadNow, machineOf, versionsOf } from './suite/machine.mjs'
import { meetNeeds } from './suite/needs.mjs'
import { readOptions, USAGE } from './suite/options.mjs'
import { installPeers } from './suite/peers.mjs'
import { GROWTHS, planOf, SETTINGS } from './suite/plan.mjs'
import { measurePlan } from './suite/run.mjs'
import { plainText, sectionsOf } from './suite/tables.mjs'

const { options, problem } = readOptions(process.argv.slice(2))
if (problem !== null) {
  console.error(`${problem}\n\n${USAGE}`)
  process.exit(2)
}
if (options.help) {
  console.log(USAGE)
  process.exit(0)
}
// They need the built package, which the usage does not.
const { workloads } = await import('./workloads/index.mjs')
const names = [...workloads.map(({ name }) => name), GROWTHS]
if (options.list) {
  console.log(names.join('\n'))
  process.exit(0)
}
if (options.only !== undefined && !names.includes(options.only)) {
  console.error(`there is no workload ${options.only}; there are ${names.join(', ')}`)
  process.exit(2)
}
if (options.peers && !installPeers()) {
  console.error('npm ci in bench/peers failed, as it says above; run the benchmarks without --peers')
  process.exit(1)
}

const begin = performance.now()
const loadBefore = loadNow()
const plan = planOf(workloads, { only: options.only, isQuick: options.quick, withPeers: options.peers })
const frozen = freeze()
let needs
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    needs?.kill()
    thaw(frozen)
    process.exit(1)
  })
}
let rows
let growths
try {
  needs = await meetNeeds(plan)
  const measured = await measurePlan(frozen, plan, needs.launchOf, ({ title }) => {
    const seconds = ((performance.now() - begin) / 1000).toFixed(0).padStart(4)
    console.error(`${seconds} s  ${title}`)
  })
  rows = measured.rows
  growths = measured.growths
} finally {
  await needs?.stop()
  thaw(frozen)
}

const date = new Date()
const result = {
  format: 'waystone.bench',
  date: date.toISOString(),
  command: ['npm run bench', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(' '),
  seconds: Math.round((performance.now() - begin) / 1000),
  settings: options.quick ? SETTINGS.quick : SETTINGS.full,
  machine: machineOf(),
  load: { before: loadBefore, after: loadNow() },
  versions: versionsOf(options.peers),
  ...(needs.about.length === 0 ? {} : { services: needs.about }),
  skipped: [
    ...new Set(rows.flatMap(({ subject, leftOut }) => (leftOut === undefined ? [] : `${subject}: ${leftOut}`))),
  ],
  workloads: workloads.map(({ name, title, note, unit }) => ({
    name,
    title,
    note,
    ...(unit === undefined ? {} : { unit }),
  })),
  rows,
  growths,
}
const folder = new URL('results/', import.meta.url)
mkdirSync(folder, { recursive: true })
const file = new URL(
  `${date.toISOString().slice(0, 16).replace(':', '-')}${options.quick ? '-quick' : ''}.json`,
  folder,
)
writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`)

console.log(plainText(sectionsOf(result)))
console.log(`\n${result.seconds} s in all; written to ${fileURLToPath(file)}`)
for (const line of needs.about) console.log(`measured with ${line}`)
for (const line of result.skipped) console.log(`skipped: ${line}`)
if (!options.peers)
  console.log('peers are left out; npm run bench -- --peers installs them in bench/peers and measures them too')
if ([...rows, ...growths].some(({ error }) => error !== undefined)) process.exitCode = 1
