/** Every limit of the protocol, in one place: name, unit, reason. PROTOCOL.md's table of limits is compared with this one. */
export const LIMITS = {
  /** Smallest data ring (4 KiB): eight frames of the smallest F. */
  ringBytesMin: 0x1000,
  /** Largest data ring (4 MiB): larger ones measured no faster. */
  ringBytesMax: 0x40_0000,
  /** Data ring of a query by default (1 MiB): a mesh has many, and batches are no faster with more. */
  ringBytesDefault: 0x10_0000,
  /** Data ring of calls by default (2 MiB): half of it lasts a receiver of 64 KiB messages until a sender that sleeps is awake. */
  callRingBytesDefault: 0x20_0000,
  /** Control ring (4 KiB): 256 records of 16 bytes; it cannot overflow, cells wait. */
  controlRingBytes: 0x1000,
  /** Largest frame payload, F is min(this (64 KiB), ring / 8). */
  framePayloadBytesMax: 0x1_0000,
  /** Fixed cost charged per frame beside its payload: what a frame takes in the receiver's memory beside its bytes. */
  frameCostBytes: 64,
  /** Largest message (256 MiB): bounds what reassembly may allocate. */
  messageBytesMax: 0x1000_0000,
  /** Largest window of one stream (4 MiB), and no larger than two of its rings. Windows begin at two frames and double as they are used up. */
  windowBytesMax: 0x40_0000,
  /** Elastic receive memory of one participant (64 MiB), shared by its open streams above their floors. */
  elasticBytes: 0x400_0000,
  /** Calls open from one participant to another; bounds what calls outside the elastic budget reserve. */
  callsOpenMax: 1024,
} as const
