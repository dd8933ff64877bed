import type { Codec } from '../../src/index.js'

/** Many numbers of one batch. */
export interface Column {
  readonly batch: number
  readonly values: Float64Array
}

/** The number of the batch, then its values, as they are. */
export const columns: Codec<Column> = {
  encode({ batch, values }) {
    if (batch < 0) throw new RangeError('a batch before the first')
    const all = new Float64Array(1 + values.length)
    all[0] = batch
    all.set(values, 1)
    return new Uint8Array(all.buffer)
  },
  decode(bytes) {
    if (bytes.byteLength % 8 !== 0) throw new TypeError('half a number')
    const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice()
    const all = new Float64Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 8)
    return { batch: all[0], values: all.subarray(1) }
  },
}
