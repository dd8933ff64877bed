import { serve } from '../../src/index.js'

/** Around every border: of what goes by itself, of one frame, of several. */
export const SIZES = [0, 1, 4095, 4096, 4097, 16_383, 16_384, 16_385, 65_527, 65_528, 65_535, 65_536, 65_537, 300_000]

/** A text that goes in a long message of its own. */
export const TEXT = 'long text '.repeat(3000)

export default serve({
  /** One buffer that is changed after every value, with other values between. */
  *reused({ rounds }: { rounds: number }): Generator<unknown> {
    const buffer = new Uint8Array(Math.max(...SIZES))
    for (let round = 0; round < rounds; round++) {
      for (const [at, size] of SIZES.entries()) {
        buffer.fill(round + at)
        yield buffer.subarray(0, size)
        buffer.fill(255)
        if (at % 3 === 0) yield round
        if (at % 4 === 0) yield undefined
        if (at % 5 === 0) yield TEXT
      }
    }
  },
  /** Throws right after long bytes. */
  *thenThrows(): Generator<Uint8Array> {
    yield new Uint8Array(70_000).fill(1)
    throw new RangeError('after')
  },
})
