/** Kinds of frames on a data ring: the high 4 bits of the length word. PROTOCOL.md, "Frames". */
export const FRAME = {
  DATA: 0,
  DATA_MORE: 1,
  END: 2,
  ERROR: 3,
  RESET: 4,
  PAD: 5,
  CALL: 6,
  GOODBYE: 7,
} as const

export type FrameKind = (typeof FRAME)[keyof typeof FRAME]

/** Types of control records. PROTOCOL.md, "Control records". */
export const CONTROL = {
  START_STREAM: 0,
  CANCEL_STREAM: 1,
  CREDIT: 2,
  SESSION_END: 3,
} as const

export type ControlType = (typeof CONTROL)[keyof typeof CONTROL]

/** Flags of control records. */
export const CONTROL_FLAG = {
  /** CREDIT: the consumer waits and has no complete message. */
  starving: 1,
} as const

export const FRAME_HEADER_BYTES: number = 8
export const CONTROL_RECORD_BYTES: number = 16
/** END: messages and message bytes, a u64 each. */
export const END_PAYLOAD_BYTES: number = 16
/** The total length that begins the first fragment of a message. */
export const TOTAL_PREFIX_BYTES: number = 4

const KIND_SHIFT = 28
const LENGTH_MASK = 0x0fff_ffff

export function lengthWord(kind: FrameKind, payloadBytes: number): number {
  return (kind << KIND_SHIFT) | payloadBytes
}

export function kindOf(word: number): number {
  return word >>> KIND_SHIFT
}

export function lengthOf(word: number): number {
  return word & LENGTH_MASK
}

export function align8(bytes: number): number {
  return (bytes + 7) & ~7
}
