import { serve } from '../../src/index.js'

const RETURNS = {
  nothing: undefined,
  null: null,
  number: 7,
  text: 'done',
  object: { rows: 3, names: ['a', 'b'] },
  bytes: Uint8Array.of(1, 2, 3),
  long: new Uint8Array(100_000).fill(9),
  text100k: 'é'.repeat(100_000),
}
export type Returned = keyof typeof RETURNS

export default serve({
  *count({ to, returns }: { to: number; returns: Returned }): Generator<number, unknown> {
    for (let n = 0; n < to; n++) yield n
    return RETURNS[returns]
  },
  async *long({ returns }: { returns: Returned }): AsyncGenerator<Uint8Array, unknown> {
    yield new Uint8Array(50_000).fill(1)
    yield new Uint8Array(60_000).fill(2)
    return RETURNS[returns]
  },
  *uncloneable(): Generator<number, unknown> {
    yield 1
    return () => 1
  },
  *failing(): Generator<number, string> {
    yield 1
    throw new RangeError('after the first')
  },
  *sums(to: number): Generator<number, { readonly sum: number }> {
    let sum = 0
    for (let n = 1; n <= to; n++) {
      sum += n
      yield n
    }
    return { sum }
  },
})
export { RETURNS }
