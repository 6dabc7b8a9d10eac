// What the benchmark measures that is no part of the public surface; built beside it, and left out of the package.
export { parseEvent } from '../src/run/event-text.ts'
export { fold } from '../src/run/fold.ts'
export { fitsSnapshotSchema } from '../src/snapshot/schema-fit.ts'
