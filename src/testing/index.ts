export {
  type CheckResumeOptions,
  checkResume,
  type ResumeDifference,
  type ResumeReport,
} from './check-resume.ts'
export { type CrashPoint, crashingStore } from './crashing-store.ts'
export { SimulatedClock } from './simulated-clock.ts'
export { type StoreSuiteGap, type StoreSuiteRunner, type StoreSuiteTarget, storeSuite } from './store-suite.ts'
