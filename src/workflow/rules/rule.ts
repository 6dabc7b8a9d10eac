import type { Draft } from '../draft.ts'
import type { Problem } from '../problem.ts'

/** One thing that must hold for every workflow: all the places of a draft where it does not, in definition order. */
export type Rule = (draft: Draft) => readonly Problem[]
