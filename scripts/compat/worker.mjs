import { serve } from 'millrace'

export default serve(
  {
    add: ({ a, b }) => a + b,
    *objects(count) {
      for (let n = 0; n < count; n++) yield { n, text: `text ${n}` }
    },
    *bytes(count) {
      for (let n = 0; n < count; n++) yield new Uint8Array(65_536).fill(n)
    },
    fail() {
      throw new RangeError('no', { cause: 'none' })
    },
    spin(_input, ctx) {
      while (!ctx.cancelled);
    },
    async *doubled(numbers) {
      for await (const n of numbers) yield 2 * n
    },
    die: () => process.exit(3),
    state: (_input, { state }) => state,
    peer: async (_input, { peers, worker }) => {
      const [other] = await peers.ids()
      return other !== worker && (await peers.on(other).add({ a: 1, b: 1 }))
    },
  },
  { setup: () => 'set up' },
)
