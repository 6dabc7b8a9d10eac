// What the benchmarks are asked for on the command line.
import { parseArgs } from 'node:util'

export const USAGE = `Usage: npm run bench -- [options]

Measures every workload beside its limits. Prints tables, writes bench/results/<date>.json.

  --only <workload>  measure this one alone; growth is the growths of all
  --quick            a short look: fewer cases, growths only if asked for
  --peers            install other libraries in bench/peers and measure them too
  --list             print the names of the workloads
  -h, --help         print this

Peers that need Postgres use the server of WAYSTONE_BENCH_POSTGRES, the URL of a user who may create databases;
without it one is started for the time of the run, from what is installed or what npm brings.`

/**
 * Reads the arguments.
 * @param args - those after the program's name
 * @returns the options, and in `problem` what is wrong with the arguments; null when nothing is
 */
export function readOptions(args) {
  const options = {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    peers: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  }
  try {
    return { options: parseArgs({ args, options }).values, problem: null }
  } catch (error) {
    // Only what parseArgs says of the arguments is the user's to hear; anything else is a mistake in here.
    if (!String(error.code).startsWith('ERR_PARSE_ARGS')) throw error
    return { options: parseArgs({ args: [], options }).values, problem: error.message }
  }
}
