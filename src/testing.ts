export { crashWorker } from './testing/crash-worker.js'
export { inline } from './testing/inline.js'
export { leaks } from './testing/leaks.js'
