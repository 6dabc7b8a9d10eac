// Measures the groups of a plan, one process at a time.
import { fork } from 'node:child_process'
import { join } from 'node:path'
import { exponentOf, summary } from './statistics.mjs'

const TIMEOUT_MS = 180_000

/** What one subject found in a process of its own, or `{ error }`. */
function measureOnce(folder, workload, subject, parameters, settings, { execPath, env } = {}) {
  const argument = JSON.stringify({ workload: workload.name, subject: subject.name, parameters, settings })
  return new Promise((resolve) => {
    const started = fork(join(folder, 'bench/child.mjs'), [argument], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      ...(execPath === undefined ? {} : { execPath }),
      ...(env === undefined ? {} : { env }),
    })
    let found = null
    let said = ''
    const timer = setTimeout(() => {
      said = `took longer than ${TIMEOUT_MS / 1000} s`
      started.kill('SIGKILL')
    }, TIMEOUT_MS)
    started.stderr.on('data', (chunk) => {
      said += chunk
    })
    started.on('message', (message) => {
      found = message
    })
    started.on('close', (code, signal) => {
      clearTimeout(timer)
      resolve(found ?? { error: firstLineOf(said) ?? `ended with ${code ?? signal} and said nothing` })
    })
  })
}

/** The line of a failure that says what it is. */
function firstLineOf(text) {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return lines.find((line) => /^(\w*Error\b|took longer)/.test(line.trim())) ?? lines[0]
}

/** Samples of all turns together, and the facts and memory of the turns as medians. */
function merged(turns) {
  const metrics = {}
  const facts = {}
  for (const { metrics: found, facts: about } of turns) {
    for (const [name, samples] of Object.entries(found)) metrics[name] = [...(metrics[name] ?? []), ...samples]
    for (const [name, value] of Object.entries(about)) facts[name] = [...(facts[name] ?? []), value]
  }
  return {
    metrics,
    facts: Object.fromEntries(Object.entries(facts).map(([name, all]) => [name, rounded(summary(all).median)])),
    // Null where the subject is a process that the measuring one only starts.
    peakMiB: turns.some(({ peakMiB }) => peakMiB === null)
      ? null
      : rounded(summary(turns.map(({ peakMiB }) => peakMiB)).median),
  }
}

/** Five digits: more than any of these figures is good for. */
const rounded = (value) => Number(value.toPrecision(5))

function rowsOf({ workload, caseName, parameters }, subject, turns) {
  const about = {
    workload: workload.name,
    case: caseName,
    subject: subject.name,
    kind: subject.kind,
    ...(subject.setting === undefined ? {} : { setting: subject.setting }),
  }
  const left = turns.find(({ leftOut }) => leftOut !== undefined)
  if (left !== undefined) return [{ ...about, leftOut: left.leftOut }]
  const failed = turns.find(({ error }) => error !== undefined)
  if (failed !== undefined) return [{ ...about, error: failed.error }]
  const { metrics, facts, peakMiB } = merged(turns)
  return Object.entries(metrics).map(([metric, samples]) => ({
    ...about,
    metric,
    limit: workload.limitOf?.({ name: subject.name, metric }) ?? workload.limit ?? null,
    ...(parameters.units === undefined ? {} : { units: parameters.units }),
    ...roundedSummary(samples),
    peakMiB,
    facts,
  }))
}

const roundedSummary = (samples) =>
  Object.fromEntries(Object.entries(summary(samples)).map(([name, value]) => [name, rounded(value)]))

/** Rows of a group of subjects that take turns on one case. */
async function measureCase(folder, group, launchOf) {
  const turns = new Map(group.subjects.map((subject) => [subject, []]))
  for (let turn = 0; turn < group.turns; turn += 1) {
    const order = turn % 2 === 0 ? group.subjects : group.subjects.toReversed()
    for (const subject of order) {
      const before = turns.get(subject)
      if (before.some(({ error, leftOut }) => (error ?? leftOut) !== undefined)) continue
      const { missing = subject.leftOut?.[group.caseName], ...launch } = launchOf(subject)
      before.push(
        missing === undefined
          ? await measureOnce(folder, group.workload, subject, group.parameters, group.settings, launch)
          : { leftOut: missing },
      )
    }
  }
  return group.subjects.flatMap((subject) => rowsOf(group, subject, turns.get(subject)))
}

/** The growth of each metric of a subject over the sizes. */
async function measureGrowth(folder, { workload, subjects: [subject], growth, settings }) {
  const points = new Map()
  for (const size of growth.sizes) {
    const found = await measureOnce(folder, workload, subject, growth.parameters(size), settings)
    if (found.error !== undefined) return [{ workload: workload.name, title: growth.title, error: found.error }]
    for (const [metric, samples] of Object.entries(found.metrics)) {
      points.set(metric, [...(points.get(metric) ?? []), { size, ms: rounded(summary(samples).median) }])
    }
  }
  return [...points].map(([metric, list]) => ({
    workload: workload.name,
    title: metric === 'ms' ? growth.title : `${growth.title}: ${metric}`,
    points: list,
    exponent: rounded(exponentOf(list)),
  }))
}

/**
 * Measures a plan with a frozen copy of the build.
 * @param folder - the copy
 * @param launchOf - how the processes of a subject are started, or why they cannot be
 * @param tell - called with each group before it is measured
 * @returns `rows`, one a subject and metric, and `growths`
 */
export async function measurePlan(folder, groups, launchOf, tell) {
  const rows = []
  const growths = []
  for (const group of groups) {
    tell(group)
    if (group.growth === undefined) rows.push(...(await measureCase(folder, group, launchOf)))
    else growths.push(...(await measureGrowth(folder, group)))
  }
  return { rows, growths }
}
