import { serve } from 'millrace'

/** What the soak calls. Bytes tell their number in the first and the last place. */
export default serve({
  echo: (value: unknown) => value,
  *count({ to }: { to: number; padding?: Uint8Array }) {
    for (let n = 0; n < to; n++) yield n
  },
  async *countSlowly({ to }: { to: number }) {
    for (let n = 0; n < to; n++) {
      if (n % 7 === 0) await new Promise((resolve) => setImmediate(resolve))
      yield { n, text: 'x'.repeat(n % 50) }
    }
  },
  *blocks({ blocks, bytes }: { blocks: number; bytes: number }) {
    for (let n = 0; n < blocks; n++) yield new Uint8Array(bytes).fill(n)
  },
  *throwsAfter({ values }: { values: number }) {
    for (let n = 0; n < values; n++) yield n
    throw new RangeError(`after ${values}`)
  },
  refuses: () => {
    throw new TypeError('refused')
  },
  async *untilAborted(_: unknown, { signal }: { signal: AbortSignal }) {
    yield 0
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  },
  computes: ({ turns }: { turns: number }) => {
    let sum = 0
    for (let n = 0; n < turns * 1e5; n++) sum += n % 7
    return sum
  },
  exits: () => process.exit(5),
})
