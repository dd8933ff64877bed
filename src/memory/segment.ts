import { MillraceError } from '../base/errors.js'

/** A piece of memory that participants share: between threads a SharedArrayBuffer, within one thread an ArrayBuffer will do. */
export type Segment = SharedArrayBuffer | ArrayBuffer

/** Shared words stand this far apart, so that two never share a cache line, nor the line that is fetched beside it. */
export const WORD_STRIDE_BYTES = 128

export function createSegment(sizeBytes: number): SharedArrayBuffer {
  try {
    return new SharedArrayBuffer(sizeBytes)
  } catch (cause) {
    throw new MillraceError('OutOfMemory', `cannot allocate a segment of ${sizeBytes} bytes: use fewer workers or smaller rings`, { cause })
  }
}
