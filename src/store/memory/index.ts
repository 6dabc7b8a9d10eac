export { memoryBlobs } from './memory-blobs.ts'
export { memoryDriver, memoryStore } from './memory-driver.ts'
export { memoryResults } from './memory-results.ts'
