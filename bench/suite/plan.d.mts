export const GROWTHS: string
export interface PlannedGroup {
  readonly title: string
  readonly subjects: readonly { readonly name: string }[]
}
export function planOf(
  workloads: readonly object[],
  options: { readonly only?: string | undefined; readonly isQuick: boolean; readonly withPeers: boolean },
): readonly PlannedGroup[]
