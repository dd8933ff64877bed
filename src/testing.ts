export { inline } from './testing/inline.js'
export { leaks } from './testing/leaks.js'
