// The aims of the design, each with where its figure comes from.

/** Bytes over which a step of 1 KiB is stored too dearly: 1.3 KiB. */
const MAX_BYTES_PER_KIB_STEP = 1.3 * 1024

const ratio = (value) => `${value.toFixed(2)} ×`
const ms = (value) => `${value.toFixed(value < 100 ? 1 : 0)} ms`

/** At least a number of times the limit. */
const atLeast = (what, aim, measure) => ({
  what,
  aim: `at least ${ratio(aim)}`,
  measure,
  print: ratio,
  holds: (value) => value >= aim,
})
/** At most a number of milliseconds. */
const atMost = (what, aim, measure) => ({
  what,
  aim: `at most ${ms(aim)}`,
  measure,
  print: ms,
  holds: (value) => value <= aim,
})

const LAYERED = 'layered DAG of 10,000'
const ONE_BY_ONE = 'append and fdatasync, one by one'

const resumes = [
  [1_000, 8],
  [10_000, 40],
  [100_000, 400],
].flatMap(([size, aim]) =>
  ['store', 'snapshot'].map((way) =>
    atMost(`resume from ${way}, ${size.toLocaleString('en')} done, load call to first node`, aim, (median) =>
      median('resume', `${size.toLocaleString('en')} done`, 'waystone', `${way}, load call to first node`),
    ),
  ),
)

const MOST_GROWTH = 1.1

/**
 * What has to grow no faster than its size: the title of a growth, its workload before it, and that of what can be done by hand
 * over the same data, where there is one. What a larger heap and fewer hits in the processor's caches cost, that pays too; nobody
 * can grow slower.
 */
const GROWTHS = [
  ['nodes in a run', 'engine: layered DAG, waystone', 'engine: layered DAG, promise loop'],
  ['items of a map node', 'map: items of a map node'],
  [
    'nodes in a run, with an event log in memory',
    'engine: layered DAG, waystone, event log in memory',
    'engine: layered DAG, promise loop',
  ],
  ['events folded', 'history: replay', 'history: JSON.parse of the texts'],
  [
    'size of the state, save and serialize',
    'document: save and serialize, by size',
    'document: JSON.stringify, by size',
  ],
  [
    'size of the state, deserialize and loadSnapshot',
    'document: deserialize and loadSnapshot, by size',
    'document: JSON.parse, by size',
  ],
  ['records appended to the file store', 'durable: steps in sequence, exit'],
  ['nodes done, resume from store', 'resume: resume: store, load call to first node'],
  ['nodes done, resume from snapshot', 'resume: resume: snapshot, load call to first node'],
].map(([what, title, limitTitle]) => {
  const exponentOf = (growths, wanted) =>
    growths.find((growth) => `${growth.workload}: ${growth.title}` === wanted)?.exponent ?? Number.NaN
  return {
    what: `growth exponent, ${what}`,
    aim: `at most ${MOST_GROWTH.toFixed(2)}${limitTitle === undefined ? '' : ', or that of the limit'}`,
    measure: (_, __, growths) => {
      const found = exponentOf(growths, title)
      if (Number.isNaN(found)) return null
      return { found, most: Math.max(MOST_GROWTH, exponentOf(growths, limitTitle) || 0) }
    },
    print: ({ found, most }) =>
      `${found.toFixed(2)}${found > MOST_GROWTH && most > MOST_GROWTH ? `, limit ${most.toFixed(2)}` : ''}`,
    holds: ({ found, most }) => found <= most,
  }
})

const BUDGETS = [
  atLeast(
    'layered DAG of 10,000, beside the promise loop',
    1 / 3,
    (median) => median('engine', LAYERED, 'promise loop') / median('engine', LAYERED, 'waystone'),
  ),
  atLeast('layered DAG of 10,000, beside the fastest peer', 1, (_, rows) => {
    const peers = rows.filter(
      (row) => row.workload === 'engine' && row.case === LAYERED && row.kind === 'peer' && row.median,
    )
    const ours = rows.find((row) => row.workload === 'engine' && row.case === LAYERED && row.subject === 'waystone')
    return peers.length === 0 ? Number.NaN : Math.min(...peers.map((row) => row.median)) / ours?.median
  }),
  atLeast(
    'the same with an event log in memory, beside without',
    0.5,
    (median) => median('engine', LAYERED, 'waystone') / median('engine', LAYERED, 'waystone, event log in memory'),
  ),
  atLeast(
    '1,000 steps in sequence, sync, beside append and fdatasync',
    0.7,
    (median) => median('durable', '1,000 steps', ONE_BY_ONE) / median('durable', '1,000 steps', 'waystone'),
  ),
  atLeast(
    '200 runs of 10 steps, 10 at once, beside the same',
    2,
    (median) => median('many', '200 runs', ONE_BY_ONE) / median('many', '200 runs', 'waystone'),
  ),
  ...resumes,
  {
    what: 'stored bytes of a step that returns 1 KiB',
    aim: `at most ${MAX_BYTES_PER_KIB_STEP.toFixed(0)} bytes`,
    measure: (_, rows) =>
      rows.find((row) => row.case === '1,000 steps of 1 KiB' && row.subject === 'waystone')?.facts?.bytesPerStep,
    print: (value) => `${value.toFixed(0)} bytes`,
    holds: (value) => value <= MAX_BYTES_PER_KIB_STEP,
  },
  atLeast(
    'save and serialize 10 MB, beside JSON.stringify',
    0.4,
    (median) =>
      median('document', '10 MB in 1,000 nodes', 'JSON.stringify') /
      median('document', '10 MB in 1,000 nodes', 'save and serialize'),
  ),
  atLeast(
    'a second save with 1 % changed, beside JSON.stringify',
    1.5,
    (median) =>
      median('document', '10 MB in 1,000 nodes', 'JSON.stringify') /
      median('document', '10 MB in 1,000 nodes', 'save and serialize again, 1 % changed'),
  ),
  atLeast(
    'deserialize 10 MB with all checks, beside JSON.parse',
    0.6,
    (median) =>
      median('document', '10 MB in 1,000 nodes', 'JSON.parse') /
      median('document', '10 MB in 1,000 nodes', 'deserialize'),
  ),
  atMost('replay of 10,000 events from their texts', 20, (median) =>
    median('history', '10,000 events', 'replay from the texts'),
  ),
  atMost('state at any of 10,000 events', 5, (median) => median('history', '10,000 events', 'state at an event')),
  atMost('search of 10,000 events by node or type', 1, (median) =>
    Math.max(
      median('history', '10,000 events', 'search by node'),
      median('history', '10,000 events', 'search by type'),
    ),
  ),
  atMost("import 'waystone'", 15, (median) => median('start', 'start-up', "import 'waystone'")),
  atMost(
    'command line --help, over bare Node',
    60,
    (median) =>
      median('start', 'start-up', 'waystone --help, whole process') -
      median('start', 'start-up', 'bare Node, whole process'),
  ),
  ...GROWTHS,
]

/** Every aim with what was measured; `found` is null where a part of it was not measured. */
export function judged(rows, growths) {
  const median = (workload, name, subject, metric = 'ms') =>
    rows.find(
      (row) => row.workload === workload && row.case === name && row.subject === subject && row.metric === metric,
    )?.median ?? Number.NaN
  return BUDGETS.map(({ what, aim, measure, print, holds }) => {
    const value = measure(median, rows, growths) ?? null
    if (value === null || Number.isNaN(value)) return { what, aim, found: null, holds: null }
    return { what, aim, found: print(value), holds: holds(value) }
  })
}
