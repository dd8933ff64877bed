import { ProtocolError } from '../base/errors.js'
import type { PhysicalStreamId } from '../base/ids.js'
import { LIMITS } from '../base/limits.js'
import { FRAME } from '../frame/kinds.js'
import type { FrameInlet } from '../frame/ports.js'
import type { Inbound } from './inbound.js'

/** What one drain may take before the others have their turn, and before its credit goes back while the writer still has some left. */
const DRAIN_FRAMES_MAX = 4096
const DRAIN_BYTES_MAX = 0x4_0000
/** Room is given back in steps, so that the writer can go on while we read. */
const RELEASE_FRAMES = 32

export interface ReaderListener {
  /** A CALL frame arrived. */
  called(id: PhysicalStreamId, payload: Uint8Array): void
  /** A stream read its terminal frame. */
  ended(stream: Inbound): void
}

/** One link onto many streams: it always drains, for credit has reserved the memory; it never waits for a consumer. */
export class MultiplexedReader {
  private readonly streams = new Map<PhysicalStreamId, Inbound>()
  /** Their consumers began to wait while there was something to read. */
  private readonly expectant = new Set<Inbound>()
  private farewell = false
  private wakeDue = false
  /** Frames read so far. */
  framesRead = 0

  constructor(
    private readonly inlet: FrameInlet,
    private readonly listener: ReaderListener,
  ) {}

  get payloadBytesMax(): number {
    return this.inlet.payloadBytesMax
  }

  /** The largest window that makes sense: a second message of half the ring and its costs must fit beside the first. */
  get windowBytesMax(): number {
    return Math.min(2 * this.inlet.capacityBytes, LIMITS.windowBytesMax)
  }

  get openStreams(): number {
    return this.streams.size
  }

  /** Whether GOODBYE was read. */
  get heardGoodbye(): boolean {
    return this.farewell
  }

  get hasMore(): boolean {
    return this.inlet.hasMore()
  }

  has(id: PhysicalStreamId): boolean {
    return this.streams.has(id)
  }

  add(stream: Inbound): void {
    this.streams.set(stream.id, stream)
  }

  remove(stream: Inbound): void {
    if (this.streams.get(stream.id) === stream) this.streams.delete(stream.id)
    this.expectant.delete(stream)
  }

  all(): Inbound[] {
    return [...this.streams.values()]
  }

  /** The consumer of a stream waits: it starves once all there is has been read and holds nothing for it. */
  awaitData(stream: Inbound): void {
    if (this.inlet.hasMore()) this.expectant.add(stream)
    else stream.starve()
  }

  /** Reads what is there. Returns whether anything was. Throws `ProtocolError`. */
  drain(): boolean {
    const { inlet } = this
    let frames = 0
    let bytes = 0
    while (frames < DRAIN_FRAMES_MAX && bytes < DRAIN_BYTES_MAX && inlet.next()) {
      bytes += inlet.length
      this.dispatch()
      if (++frames % RELEASE_FRAMES === 0 && inlet.release()) this.wakeDue = true
    }
    this.framesRead += frames
    if (inlet.release()) this.wakeDue = true
    if (this.expectant.size > 0 && !inlet.hasMore()) this.starve()
    return frames > 0
  }

  /** Whether the writer waits for the room that was freed since this was asked last. */
  takeWakeDue(): boolean {
    const due = this.wakeDue
    this.wakeDue = false
    return due
  }

  private starve(): void {
    for (const stream of this.expectant) stream.starve()
    this.expectant.clear()
  }

  private dispatch(): void {
    const { inlet } = this
    if (this.farewell) throw new ProtocolError('a frame after GOODBYE')
    if (inlet.kind === FRAME.GOODBYE) {
      if (inlet.id !== 0) throw new ProtocolError(`a GOODBYE for the stream ${inlet.id}`)
      this.farewell = true
      return
    }
    if (inlet.kind === FRAME.CALL) {
      this.listener.called(inlet.id, inlet.copy())
      return
    }
    const stream = this.streams.get(inlet.id)
    if (stream === undefined) throw new ProtocolError(`a frame of kind ${inlet.kind} for the stream ${inlet.id}, which is not open`)
    if (!stream.accept(inlet)) return
    this.streams.delete(inlet.id)
    this.listener.ended(stream)
  }
}
