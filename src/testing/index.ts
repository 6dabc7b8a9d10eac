export { type StoreSuiteRunner, type StoreSuiteTarget, storeSuite } from './store-suite.ts'
