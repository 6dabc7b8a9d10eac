export { memoryDriver, memoryStore } from './memory-driver.ts'
