import isSemver from 'semver/functions/valid.js'
import { quote } from '../../base/errors.ts'
import type { Draft } from '../draft.ts'
import type { Problem } from '../problem.ts'

/** Three numbers, the form most versions have: it is one at sight, and semver need not be made ready for it. */
const PLAIN = /^(?:0|[1-9]\d{0,14})\.(?:0|[1-9]\d{0,14})\.(?:0|[1-9]\d{0,14})$/

/** The workflow's version, when given, is a semantic version: no `v` before it, no space around it. */
export function version({ root }: Draft): readonly Problem[] {
  const found = root['version']
  if (typeof found !== 'string' || PLAIN.test(found)) return []
  // semver itself reads past a leading v, = or space.
  if (/^\d\S*$/.test(found) && isSemver(found) !== null) return []
  return [
    {
      code: 'WORKFLOW_BAD_VERSION',
      message: `the workflow's version must be a semantic version like '1.0.0', got ${quote(found)}`,
      path: '/version',
      details: { found },
    },
  ]
}
