// What a run of the suite measures: every subject of every case, and every size of every growth.

/**
 * How much is measured: `turns` processes of one subject, `rounds` samples in each after `warmMs` of warm-up, but no more
 * than `minimum` once `capMs` are over; `processes` where each sample is a process.
 */
export const SETTINGS = {
  full: { turns: 2, rounds: 5, warmMs: 500, capMs: 5_000, minimum: 3, processes: 5 },
  quick: { turns: 1, rounds: 5, warmMs: 400, capMs: 2_500, minimum: 5, processes: 5 },
}
/** A growth asks for a slope, not for a third digit. */
const GROWTH = { turns: 1, rounds: 5, warmMs: 500, capMs: 3_000, minimum: 3, processes: 3 }

/** What stands for the growths of all workloads where a workload is named. */
export const GROWTHS = 'growth'

/** Whether a subject takes part in a case; `only` names cases or shapes. */
const takesPart = (subject, each) =>
  subject.only === undefined || subject.only.includes(each.name) || subject.only.includes(each.shape)

/** Whether a quick run does without a subject; `quick` may name the cases it does with. */
const isSlow = ({ quick = true }, each) => quick === false || (Array.isArray(quick) && !quick.includes(each.name))

/**
 * The groups to measure. The subjects of a group take turns, each turn in a process of its own, every other turn backwards.
 * @param options - `only` a workload's name or `growth`, `isQuick`, `withPeers`
 */
export function planOf(workloads, { only, isQuick, withPeers }) {
  const settings = isQuick ? SETTINGS.quick : SETTINGS.full
  return workloads
    .filter(({ name }) => only === undefined || only === GROWTHS || name === only)
    .flatMap((workload) => [...(only === GROWTHS ? [] : caseGroups(workload)), ...growthGroups(workload)])

  function caseGroups(workload) {
    return workload.cases
      .filter((each) => (isQuick ? each.quick === true : true) && (withPeers || each.peersOnly !== true))
      .map((each) => {
        const { name, ...parameters } = each
        const subjects = workload.subjects.filter(
          (subject) =>
            (withPeers || subject.kind !== 'peer') && !(isQuick && isSlow(subject, each)) && takesPart(subject, each),
        )
        const turns = workload.isOneShot ? 1 : settings.turns
        return { title: `${workload.name}: ${name}`, workload, subjects, parameters, settings, turns, caseName: name }
      })
  }

  /** A quick run does without growths unless they are asked for: they are most of a run's time. */
  function growthGroups(workload) {
    if (isQuick && only !== GROWTHS) return []
    return workload.growth.map((growth) => ({
      title: `${workload.name}: growth of ${growth.title}`,
      workload,
      subjects: [workload.subjects.find(({ name }) => name === growth.subject)],
      growth,
      settings: GROWTH,
      turns: GROWTH.turns,
    }))
  }
}
