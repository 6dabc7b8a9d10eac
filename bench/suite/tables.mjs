// Results as tables, and tables as text for a terminal or as Markdown.
import { judged } from './budgets.mjs'

const number = (value) => {
  if (value >= 1000) return Math.round(value).toLocaleString('en')
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toPrecision(value < 0.1 ? 2 : 3)
}

const bytes = (value) => (value < 10_000 ? `${number(value)} B` : `${number(value / 1024)} KiB`)

/** Facts in words, those that are not times of the subject itself. */
const factTexts = {
  prepareMs: (value) => `built in ${number(value)} ms`,
  firstMs: (value) => `first ${number(value)} ms`,
  worstMs: (value) => `slowest ${number(value)} ms`,
  ranAgain: (value) => `ran again: ${value}`,
  cpuMs: (value) => `processor ${number(value)} ms`,
  buildMs: (value) => `workflow built in ${number(value)} ms`,
  bytesPerStep: (value) => `${bytes(value)} a step`,
  bytes: (value) => bytes(value),
  gzipBytes: (value) => `${bytes(value)} with gzip`,
}

const labelOf = ({ subject, metric }) => (metric === undefined || metric === 'ms' ? subject : `${subject}, ${metric}`)

/** The row another is held against. */
const limitOf = (row, rows) => rows.find((other) => other.case === row.case && labelOf(other) === row.limit)

function caseTable(workload, name, rows) {
  const ofCase = rows.filter((row) => row.workload === workload.name && row.case === name)
  const hasRates = ofCase.some(({ units }) => units !== undefined)
  const hasLimit = ofCase.some((row) => limitOf(row, ofCase) !== undefined)
  return {
    title: name,
    header: [
      'what',
      'ms',
      'middle half',
      'samples',
      ...(hasRates ? [`${workload.unit}/s`] : []),
      ...(hasLimit ? ['of the limit'] : []),
      'peak MiB',
      'besides',
    ],
    rows: ofCase.map((row) => {
      const reason = row.error ?? row.leftOut
      if (reason !== undefined) {
        const what = row.error === undefined ? 'left out' : 'failed'
        return [labelOf(row), what, '', '', ...(hasRates ? [''] : []), ...(hasLimit ? [''] : []), '', reason]
      }
      const limit = limitOf(row, ofCase)
      const facts = Object.entries(row.facts).flatMap(([key, value]) => factTexts[key]?.(value) ?? [])
      return [
        labelOf(row),
        number(row.median),
        `${number(row.q1)} to ${number(row.q3)}`,
        String(row.count),
        ...(hasRates ? [row.units === undefined ? '' : number((row.units / row.median) * 1000)] : []),
        ...(hasLimit ? [limit === undefined ? '' : `${(limit.median / row.median).toPrecision(3)}`] : []),
        row.peakMiB === null ? '' : number(row.peakMiB),
        [...(row.setting === undefined ? [] : [row.setting]), ...facts].join('; '),
      ]
    }),
  }
}

/** Everything a result has to show: sections with a title, a note and tables. */
export function sectionsOf({ workloads, rows, growths }) {
  const sections = workloads
    .filter(({ name }) => rows.some((row) => row.workload === name))
    .map((workload) => ({
      title: workload.title,
      note: workload.note,
      tables: [...new Set(rows.filter((row) => row.workload === workload.name).map((row) => row.case))].map((name) =>
        caseTable(workload, name, rows),
      ),
    }))
  if (growths.length > 0) sections.push(growthSection(growths))
  const budgets = judged(rows, growths)
  if (budgets.some(({ found }) => found !== null)) sections.unshift(budgetSection(budgets))
  return sections
}

const growthSection = (growths) => ({
  title: 'Growth',
  note: 'The exponent of the time over sizes ×1, ×4 and ×16, by least squares over the logarithms: 1 is linear, less where a fixed cost still shows.',
  tables: [
    {
      title: null,
      header: ['what', 'sizes', 'ms', 'exponent'],
      rows: growths.map(({ workload, title, points, exponent, error }) =>
        error === undefined
          ? [
              `${workload}: ${title}`,
              points.map(({ size }) => size.toLocaleString('en')).join(' · '),
              points.map((point) => number(point.ms)).join(' · '),
              exponent.toFixed(2),
            ]
          : [`${workload}: ${title}`, '', error, ''],
      ),
    },
  ],
})

const budgetSection = (budgets) => ({
  title: 'Aims',
  note: 'Ratios are of the limit in the same run: 1 is as fast as the limit.',
  tables: [
    {
      title: null,
      header: ['what', 'aim', 'found', ''],
      rows: budgets.map(({ what, aim, found, holds }) => [
        what,
        aim,
        found ?? 'not measured',
        holds === null ? '' : holds ? 'holds' : 'missed',
      ]),
    },
  ],
})

const isNumeric = (column, rows) => rows.every((row) => row[column] === '' || /^[\d<]/.test(row[column]))

function widthsOf({ header, rows }) {
  return header.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column].length)))
}

/** Sections for a terminal. */
export function plainText(sections) {
  return sections
    .map(({ title, tables }) => [title, '='.repeat(title.length), ...tables.map(plainTable)].join('\n'))
    .join('\n\n')
}

function plainTable(table) {
  const widths = widthsOf(table)
  const line = (cells) =>
    cells
      .map((cell, column) =>
        column > 0 && isNumeric(column, table.rows) ? cell.padStart(widths[column]) : cell.padEnd(widths[column]),
      )
      .join('  ')
      .trimEnd()
  return [...(table.title === null ? [] : ['', table.title]), line(table.header), ...table.rows.map(line)].join('\n')
}

/** Sections as Markdown, headings from the second level on. */
export function markdown(sections) {
  return sections
    .map(({ title, note, tables }) => [`## ${title}`, note, ...tables.map(markdownTable)].join('\n\n'))
    .join('\n\n')
}

function markdownTable(table) {
  const widths = widthsOf(table).map((width) => Math.max(width, 3))
  const isRight = table.header.map((_, column) => column > 0 && isNumeric(column, table.rows))
  const line = (cells) =>
    `| ${cells.map((cell, column) => (isRight[column] ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).join(' | ')} |`
  const rule = `| ${widths.map((width, column) => (isRight[column] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width))).join(' | ')} |`
  return [
    ...(table.title === null ? [] : [`### ${table.title}`, '']),
    line(table.header),
    rule,
    ...table.rows.map(line),
  ].join('\n')
}
