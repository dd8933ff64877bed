import { MillraceError, ProtocolError } from '../base/errors.js'
import { LIMITS } from '../base/limits.js'
import type { Segment } from '../memory/segment.js'

/**
 * A ring in its segment. Every shared word is alone in 128 bytes.
 *
 *     0     tail          written by the writer: position up to which everything is published
 *     128   head          written by the reader: position up to which everything is free again
 *     256   spaceWanted   1: the writer waits for space; the reader that frees some puts it back to 0
 *     384   capacity      of the data area in bytes; written once, checked when attached
 *     512   data          `capacity` bytes
 *
 * Positions are free-running u32: they wrap past 2^32, and `tail - head` is right all the same.
 */
export const RING = {
  /** Index of the word in 32-bit words. */
  tail: 0,
  head: 32,
  spaceWanted: 64,
  capacity: 96,
  headerBytes: 512,
} as const

/** Where a ring lies. */
export interface RingRegion {
  readonly segment: Segment
  readonly offset: number
  readonly capacity: number
}

/** The views of a ring that both ends need. */
export interface RingViews {
  readonly words: Int32Array
  readonly bytes: Uint8Array
  readonly data: Int32Array
  readonly capacity: number
}

export function ringSizeBytes(capacity: number): number {
  return RING.headerBytes + capacity
}

export function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(value) && value > 0 && value <= 2 ** 31 && (value & (value - 1)) === 0
}

/** Throws `InvalidArgument` unless it is a power of two within the limits. */
export function checkCapacity(capacity: number): void {
  if (isPowerOfTwo(capacity) && capacity >= LIMITS.ringBytesMin && capacity <= LIMITS.ringBytesMax) return
  throw new MillraceError(
    'InvalidArgument',
    `a ring of ${capacity} bytes: give a power of two from ${LIMITS.ringBytesMin} to ${LIMITS.ringBytesMax}`,
  )
}

/** Prepares a region that no one uses yet. `position` is where both counters begin (tests start near 2^32). */
export function initRing(region: RingRegion, position = 0): void {
  checkCapacity(region.capacity)
  const words = new Int32Array(region.segment, region.offset, RING.headerBytes / 4)
  words[RING.capacity] = region.capacity
  words[RING.tail] = position | 0
  words[RING.head] = position | 0
}

/** What both ends look at once their memory is gone: a ring that is empty, and takes nothing. */
export function detachedViews(position: number): Omit<RingViews, 'capacity'> {
  const words = new Int32Array(RING.headerBytes / 4)
  words[RING.tail] = words[RING.head] = position
  return { words, bytes: new Uint8Array(0), data: new Int32Array(0) }
}

/** Throws `ProtocolError` where the region does not hold the ring it should, `InvalidArgument` for a capacity that no ring has. */
export function attachRing(region: RingRegion): RingViews {
  const { segment, offset, capacity } = region
  checkCapacity(capacity)
  if (!(offset >= 0) || offset % 8 !== 0 || offset + ringSizeBytes(capacity) > segment.byteLength) {
    throw new ProtocolError(`a ring of ${capacity} bytes at ${offset} does not fit its segment of ${segment.byteLength}`)
  }
  const words = new Int32Array(segment, offset, RING.headerBytes / 4)
  if (words[RING.capacity] !== capacity) {
    throw new ProtocolError(`the ring says ${words[RING.capacity]} bytes where ${capacity} were expected`)
  }
  const start = offset + RING.headerBytes
  return { words, bytes: new Uint8Array(segment, start, capacity), data: new Int32Array(segment, start, capacity / 4), capacity }
}
