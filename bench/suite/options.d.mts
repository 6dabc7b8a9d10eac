export interface BenchOptions {
  readonly only?: string
  readonly quick: boolean
  readonly peers: boolean
  readonly list: boolean
  readonly help: boolean
}
export const USAGE: string
export function readOptions(args: readonly string[]): {
  readonly options: BenchOptions
  readonly problem: string | null
}
