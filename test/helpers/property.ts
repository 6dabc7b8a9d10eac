import type { Parameters } from 'fast-check'
import { count } from './count.ts'

/** The seed of every property in this process: `FC_SEED` when set, else a new one; printed so that a failure can be run again. */
export const seed = Number(process.env['FC_SEED'] ?? Math.floor(Math.random() * 0x7fffffff))

/** How many times the usual number of cases to run; `FC_SCALE=0.1` makes a quick look. */
const scale = Number(process.env['FC_SCALE'] ?? 1)

/** Parameters for `fc.assert`: the seed printed with the property's name, and the number of runs, which is counted. */
export function runs(name: string, cases: number): Pick<Parameters<unknown>, 'seed' | 'numRuns' | 'verbose'> {
  const numRuns = Math.max(1, Math.round(cases * scale))
  console.log(`property ${name}: ${numRuns} runs, seed ${seed} (FC_SEED=${seed} runs it again)`)
  count(name, numRuns)
  return { seed, numRuns, verbose: 0 }
}
