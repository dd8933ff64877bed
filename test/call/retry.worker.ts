import { idempotent, serve } from '../../src/index.js'

interface Plan {
  /** The workers that exit. */
  readonly dies: readonly number[]
  /** After so many values of a stream. */
  readonly after?: number
}

export default serve({
  answer: idempotent(({ dies }: Plan, { worker }): number => {
    if (dies.includes(worker)) process.exit(7)
    return worker
  }),
  once: ({ dies }: Plan, { worker }): number => {
    if (dies.includes(worker)) process.exit(7)
    return worker
  },
  count: idempotent(async function* ({ dies, after = 0 }: Plan, { worker }): AsyncGenerator<number, number> {
    for (let n = 0; n < after; n++) yield n
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
    if (dies.includes(worker)) process.exit(7)
    yield 99
    return worker
  }),
  read: idempotent(async (values: AsyncIterable<number>): Promise<number> => {
    let sum = 0
    for await (const value of values) sum += value
    return sum
  }),
  fails: idempotent((): number => {
    throw new RangeError('by itself')
  }),
})
