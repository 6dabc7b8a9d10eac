export {
  type StoreSuiteRunner,
  type StoreSuiteSubject,
  storeSuite,
  storeSuiteCases,
} from './store-suite/store-suite.ts'
