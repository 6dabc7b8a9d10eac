import fc from 'fast-check'
import { nextDueAt } from '../../src/run/plan.ts'
import type { CoreShell } from './core-shell.ts'

/** What happens next to a run that has nothing to do by itself: an attempt ends, time passes, or someone acts from outside. */
const step = fc.oneof(
  { weight: 12, arbitrary: fc.record({ what: fc.constant('end' as const), which: fc.nat({ max: 50 }) }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('time' as const), which: fc.nat({ max: 50 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constantFrom('pause', 'cut', 'signal', 'load', 'back', 'cancel', 'time-out'),
      which: fc.nat({ max: 50 }),
    }),
  },
)

/** What happens to a run, one after the other. */
export const acts = fc.array(step, { maxLength: 60 })

/** Does what happens next. */
export function act(shell: CoreShell, what: string, which: number): void {
  const { run } = shell
  const { status } = run.state
  if (status !== 'running') {
    if (status === 'paused' || status === 'failed' || status === 'waiting') {
      // A run that waits may be answered; one that has failed is tried again now and then.
      if (status === 'waiting') shell.do(run, { type: 'signal.receive', name: 'race', payload: which })
      if (which % 3 === 0 || status !== 'failed') shell.do(run, { type: 'run.resume' })
    }
    return
  }
  const inFlight = shell.inFlight()
  switch (what) {
    case 'end':
      if (inFlight.length > 0) shell.end(inFlight[which % inFlight.length]!)
      else shell.at = Math.max(shell.at, nextDueAt(run) ?? shell.at)
      return
    case 'time':
      shell.at += which
      return
    case 'back':
      shell.at -= which
      return
    case 'signal':
      shell.do(run, { type: 'signal.receive', name: 'race', payload: which })
      return
    case 'pause':
      shell.do(run, { type: 'run.request-pause', reason: 'test' })
      return
    case 'cut':
      shell.do(run, { type: 'run.request-pause', reason: 'test' })
      shell.do(run, { type: 'run.cut-off' })
      return
    case 'time-out':
      shell.do(run, { type: 'run.time-out' })
      return
    case 'load':
      shell.do(run, { type: 'run.resume', timers: { onLoad: 'remaining', ranUntil: shell.at - which } })
      return
    default:
      if (which < 5) shell.do(run, { type: 'run.cancel', reason: 'test' })
  }
}
