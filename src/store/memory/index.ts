export { memoryBlobs } from './memory-blobs.ts'
export { memoryDriver, memoryStore } from './memory-driver.ts'
