/**
 * npm run fuzz [-- --cases N] [--seed S] [--from K]: cases K to K + N - 1 of that seed, a million of seed 1 by default. Ends at the first
 * that fails with 1, and says how to run it alone. Run by `scripts/fuzz.mjs`, which sees when it hangs or crashes.
 */
import { parseArgs } from 'node:util'
import { usedBytes } from '../support/garbage.js'
import { runCase } from './cases.js'

const PROGRESS_CASES = 1000
/** A few bytes must not keep anybody busy; a machine under load takes its time. */
const SLOW_MS = 5000
/** Most errors are made and thrown away; whoever wants longer stacks runs a case alone. */
const STACK_LINES = 6

Error.stackTraceLimit = STACK_LINES

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
  },
})
const [cases, seed, from] = [values.cases, values.seed, values.from].map(Number)

/** What nobody waits for and fails all the same is a bug too. */
let unhandled: unknown
process.on('unhandledRejection', (error) => {
  unhandled ??= error ?? new Error('a rejection without a reason')
})

const megabytes = (bytes: number): string => `${(bytes / 0x10_0000).toFixed(1)} MiB`

for (let number = from; number < from + 200; number++) await runCase(seed, number)
const startBytes = usedBytes()
let mostBytes = 0
const began = performance.now()
for (let number = from; number < from + cases; number++) {
  if ((number - from) % PROGRESS_CASES === 0) {
    process.send?.(number)
    mostBytes = Math.max(mostBytes, process.memoryUsage.rss())
  }
  const caseBegan = performance.now()
  await runCase(seed, number)
  if (performance.now() - caseBegan > SLOW_MS) throw new Error(`case ${number} of seed ${seed} took ${performance.now() - caseBegan} ms`)
  if (unhandled !== undefined) throw new Error(`case ${number} of seed ${seed}: rejected, and nobody knew`, { cause: unhandled })
}
const seconds = (performance.now() - began) / 1000
console.log(`${cases} cases of seed ${seed} in ${seconds.toFixed(1)} s, ${Math.round(cases / seconds)} a second`)
console.log(
  `heap and buffers: ${megabytes(startBytes)} at the start, ${megabytes(usedBytes())} at the end; most memory of the process: ${megabytes(mostBytes)}`,
)
process.disconnect?.()
