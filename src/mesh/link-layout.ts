import type { ParticipantId } from '../base/ids.js'
import { LIMITS } from '../base/limits.js'
import { createSegment, type Segment, WORD_STRIDE_BYTES } from '../memory/segment.js'
import { initRing, type RingRegion, ringSizeBytes } from '../ring/layout.js'

/** The shared memory of one pair of participants. Plain data but for the segment: it is sent to both. */
export interface LinkSegment {
  readonly segment: Segment
  /** The two participants; `first` is the smaller. */
  readonly first: ParticipantId
  readonly second: ParticipantId
  /** Capacity of the data ring that `first` writes, and of the one that `second` writes. */
  readonly firstRingBytes: number
  readonly secondRingBytes: number
}

/**
 * Where the parts of a link lie, one behind the other:
 *
 *     0      failed word     128 bytes: not 0 once either side found the protocol broken
 *     128    data ring       first to second
 *     ...    control ring    first to second: about the streams that second sends
 *     ...    data ring       second to first
 *     ...    control ring    second to first
 */
export interface LinkRegions {
  readonly failedOffset: number
  readonly firstData: RingRegion
  readonly firstControl: RingRegion
  readonly secondData: RingRegion
  readonly secondControl: RingRegion
  readonly sizeBytes: number
}

export function linkRegions(link: Pick<LinkSegment, 'firstRingBytes' | 'secondRingBytes'> & { segment: Segment }): LinkRegions {
  let offset = WORD_STRIDE_BYTES
  const next = (capacity: number): RingRegion => {
    const region = { segment: link.segment, offset, capacity }
    offset += ringSizeBytes(capacity)
    return region
  }
  const firstData = next(link.firstRingBytes)
  const firstControl = next(LIMITS.controlRingBytes)
  const secondData = next(link.secondRingBytes)
  const secondControl = next(LIMITS.controlRingBytes)
  return { failedOffset: 0, firstData, firstControl, secondData, secondControl, sizeBytes: offset }
}

export function createLinkSegment(options: Omit<LinkSegment, 'segment'>, position = 0): LinkSegment {
  const link = { ...options, segment: createSegment(linkSizeBytes(options)) }
  initLink(link, position)
  return link
}

/** The bytes that a link takes. */
export function linkSizeBytes(options: Omit<LinkSegment, 'segment'>): number {
  return linkRegions({ ...options, segment: new ArrayBuffer(0) }).sizeBytes
}

/** Prepares the rings of a link in memory that nobody has used. */
export function initLink(link: LinkSegment, position = 0): void {
  const regions = linkRegions(link)
  for (const region of [regions.firstData, regions.firstControl, regions.secondData, regions.secondControl]) initRing(region, position)
}
