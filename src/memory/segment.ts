import { MillraceError } from '../base/errors.js'

/** A piece of memory that participants share: between threads a SharedArrayBuffer, within one thread an ArrayBuffer will do. */
export type Segment = SharedArrayBuffer | ArrayBuffer

/** Shared words stand this far apart, so that two never share a cache line, nor the line that is fetched beside it. */
export const WORD_STRIDE_BYTES = 128

/** As the types for ECMAScript 2024 have it. */
const GrowableBuffer = SharedArrayBuffer as new (sizeBytes: number, options: { readonly maxByteLength: number }) => SharedArrayBuffer

/**
 * Memory that nobody has touched, and so takes none yet. V8 maps the memory of a buffer that may grow by itself; that of any other comes from
 * `calloc`, which clears what was used before: 2 to 3 ms for the rings of one worker. It never grows.
 */
export function createSegment(sizeBytes: number): SharedArrayBuffer {
  try {
    return new GrowableBuffer(sizeBytes, { maxByteLength: sizeBytes })
  } catch (cause) {
    throw new MillraceError('OutOfMemory', `cannot allocate a segment of ${sizeBytes} bytes: use fewer workers or smaller rings`, { cause })
  }
}
