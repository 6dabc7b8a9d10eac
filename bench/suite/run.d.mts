import type { PlannedGroup } from './plan.mjs'

export function measurePlan(
  folder: string,
  groups: readonly PlannedGroup[],
  launchOf: (subject: { readonly name: string }) => { readonly missing?: string },
  tell: (group: PlannedGroup) => void,
): Promise<{ readonly rows: readonly object[]; readonly growths: readonly object[] }>
