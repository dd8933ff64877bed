import { serve } from '../../src/index.js'

export const TEXT_LENGTH = 4000

export default serve({
  *objects(count: number) {
    for (let n = 0; n < count; n++) yield { n, text: `${n} `.padEnd(TEXT_LENGTH, 'x') }
  },
  *blocks({ count, bytes }: { count: number; bytes: number }) {
    for (let n = 0; n < count; n++) yield new Uint8Array(bytes).fill(n)
  },
  /** One value of so many bytes, whose view lies in the midst of its memory. */
  large: (bytes: number) => new Uint8Array(new ArrayBuffer(bytes + 16), 8, bytes).fill(7),
  /** The same there and back. */
  echo: (bytes: Uint8Array) => bytes,
})
