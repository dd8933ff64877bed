import { Deque } from '../base/deque.js'
import type { PhysicalStreamId } from '../base/ids.js'
import { FRAME } from '../frame/kinds.js'
import type { FrameOutlet } from '../frame/ports.js'
import type { Sink } from './sink.js'

/** A CALL that waits for room. */
export interface PendingCall {
  readonly id: PhysicalStreamId
  readonly payload: Uint8Array
  /** The caller's own stream that is its input. */
  readonly inputId: PhysicalStreamId | undefined
  /** Its frame is written; control records for the stream may follow once it is published. */
  sent(): void
}

const NOTHING = new Uint8Array(0)

/**
 * Many sinks onto one link: those that may send take turns, a frame each. It reads no control record: it looks at the state that the
 * Control Service keeps.
 */
export class MultiplexedWriter {
  private readonly line = new Deque<Sink>()
  private readonly calls: PendingCall[] = []
  private goodbye: 'none' | 'due' | 'sent' = 'none'

  constructor(
    private readonly outlet: FrameOutlet,
    private readonly hasOpenSinks: () => boolean,
  ) {}

  get payloadBytesMax(): number {
    return this.outlet.payloadBytesMax
  }

  get publishedBytes(): number {
    return this.outlet.publishedBytes
  }

  /** Whether frames wait that lack nothing but room. */
  get isBlocked(): boolean {
    return this.line.length > 0 || this.calls.length > 0 || (this.goodbye === 'due' && !this.hasOpenSinks())
  }

  get saidGoodbye(): boolean {
    return this.goodbye === 'sent'
  }

  /** Where a frame may go at once: undefined while anything is in line. */
  get directOutlet(): FrameOutlet | undefined {
    const isFree = this.line.length === 0 && this.calls.length === 0 && this.goodbye === 'none'
    return isFree && this.outlet.copies ? this.outlet : undefined
  }

  enlist(sink: Sink): void {
    if (sink.enlisted) return
    sink.enlisted = true
    this.line.push(sink)
  }

  call(call: PendingCall): void {
    this.calls.push(call)
  }

  /** Takes back a CALL that was not written yet. */
  withdraw(id: PhysicalStreamId): PendingCall | undefined {
    const at = this.calls.findIndex((call) => call.id === id)
    return at < 0 ? undefined : this.calls.splice(at, 1)[0]
  }

  /** After the terminals of all sinks, the last frame of the ring. */
  sayGoodbye(): void {
    if (this.goodbye === 'none') this.goodbye = 'due'
    this.calls.length = 0
  }

  /** Writes what there is room for and publishes it. Returns whether anything was. */
  flush(): boolean {
    if (this.goodbye !== 'sent') this.fill()
    return this.outlet.publish()
  }

  /** With everything in line still waiting, says that room is wanted and looks again. */
  wantRoom(): boolean {
    return this.outlet.wantRoom()
  }

  /** The peer is gone: nothing goes out any more. */
  abandon(): void {
    for (let sink = this.line.shift(); sink !== undefined; sink = this.line.shift()) sink.enlisted = false
    this.calls.length = 0
    this.goodbye = 'sent'
  }

  private fill(): void {
    if (!this.fillCalls() || !this.fillFrames()) return
    if (this.goodbye === 'none' || this.hasOpenSinks()) return
    if (this.outlet.tryWrite(FRAME.GOODBYE, 0 as PhysicalStreamId, NOTHING, 0, 0, -1)) this.goodbye = 'sent'
  }

  private fillCalls(): boolean {
    for (let call = this.calls[0]; call !== undefined; call = this.calls[0]) {
      if (!this.outlet.tryWrite(FRAME.CALL, call.id, call.payload, 0, call.payload.length, -1)) return false
      this.calls.shift()
      call.sent()
    }
    return true
  }

  private fillFrames(): boolean {
    for (let sink = this.line.peek(); sink !== undefined; sink = this.line.peek()) {
      if (sink.canSend) {
        if (!sink.sendFrame(this.outlet)) return false
      }
      this.line.shift()
      if (sink.canSend) this.line.push(sink)
      else sink.enlisted = false
    }
    return true
  }
}
